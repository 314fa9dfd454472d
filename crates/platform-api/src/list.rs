//! How the lists of the platform are read.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a list, leaving out what cannot be read: one odd entry must not hide the others.
pub(crate) fn lenient<'de, D, T>(input: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let entries = Vec::<Value>::deserialize(input)?;
    let all = entries.len();
    let read: Vec<T> = entries.into_iter().filter_map(entry).collect();
    if read.len() < all {
        tracing::debug!(left_out = all - read.len(), "entries that cannot be read");
    }
    Ok(read)
}

/// A list would be read as the fields of a struct in their order.
fn entry<T: DeserializeOwned>(value: Value) -> Option<T> {
    if value.is_object() { serde_json::from_value(value).ok() } else { None }
}

/// A truth value, where null is `false`.
pub(crate) fn flag<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or(false))
}
