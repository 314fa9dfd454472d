//! Parses the lists of the platform.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Ten times the requested page size. Further entries are dropped.
const MOST_ENTRIES: usize = 1000;

/// Longer than any displayed title. The rest is dropped, to limit memory.
const LONGEST_TITLE: usize = 256;

/// Parses a list and skips invalid entries: one invalid entry must not hide the others. Entries are
/// parsed one at a time, because a tree of the whole list would need much more memory than the
/// response.
pub(crate) fn lenient<'de, D, T>(input: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    input.deserialize_seq(Entries(PhantomData))
}

struct Entries<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Entries<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<T>, A::Error> {
        let (mut read, mut left_out) = (Vec::new(), 0);
        while let Some(value) = entries.next_element()? {
            match entry(value).filter(|_| read.len() < MOST_ENTRIES) {
                Some(one) => read.push(one),
                None => left_out += 1,
            }
        }
        if left_out > 0 {
            tracing::debug!(left_out, "entries that cannot be read, or are too many");
        }
        Ok(read)
    }
}

/// Serde would read a list as the fields of a struct.
fn entry<T: DeserializeOwned>(value: Value) -> Option<T> {
    if value.is_object() { serde_json::from_value(value).ok() } else { None }
}

/// A boolean, where null is `false`.
pub(crate) fn flag<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or(false))
}

/// A title, truncated.
pub(crate) fn title<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    let whole = Option::<String>::deserialize(input)?;
    // A new string, because a truncated one keeps its capacity.
    Ok(whole.map(|title| title.chars().take(LONGEST_TITLE).collect()))
}
