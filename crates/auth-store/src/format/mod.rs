use std::collections::HashSet;
use std::fmt;
use std::io;
use std::marker::PhantomData;

use credentials::{AccessToken, ApiKey, IdToken, MalformedSecret, RefreshToken};
use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment, Track};
use zeroize::Zeroizing;

use crate::wipe::Tree;
use crate::{AuthDocument, Problem};

/// Where and why a text is not an `auth.json`; nothing of the text itself.
#[derive(Debug, PartialEq)]
pub(crate) struct Defect {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) field: Option<String>,
    pub(crate) problem: Problem,
}

/// Reads a document. First every object is searched for a key that occurs twice, then the fields
/// that have a meaning here are held against it, and only then is a tree made.
pub(crate) fn parse(bytes: &[u8]) -> Result<AuthDocument, Defect> {
    let text = utf8(bytes)?;
    check(text, Unrepeated { again: false }, Problem::DuplicateKey)?;
    check(text, ObjectOf::<Shape>(PhantomData), Problem::Shape)?;
    let tree =
        serde_json::from_str(text).map_err(|error| Defect::new(&error, None, Problem::Shape))?;
    Ok(AuthDocument { tree: Tree(tree) })
}

/// The document as it stands in the file. The length is counted first, so that the buffer never
/// grows and leaves a copy behind.
pub(crate) fn serialize(document: &AuthDocument) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut length = Length(0);
    serde_json::to_writer_pretty(&mut length, &document.tree.0)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer_pretty(&mut *bytes, &document.tree.0)?;
    Ok(bytes)
}

struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Defect> {
    let stopped = |at: usize, problem| {
        let before = &bytes[..at];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        Defect {
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            column: 1 + at - line_start,
            field: None,
            problem,
        }
    };
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(stopped(0, Problem::ByteOrderMark));
    }
    std::str::from_utf8(bytes).map_err(|error| stopped(error.valid_up_to(), Problem::Encoding))
}

/// Reads `text` by `seed` with an eye on the path; `problem` is what a value that JSON allows and
/// `seed` refuses stands for.
fn check<'a>(
    text: &'a str,
    seed: impl DeserializeSeed<'a>,
    problem: Problem,
) -> Result<(), Defect> {
    let mut input = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    seed.deserialize(serde_path_to_error::Deserializer::new(&mut input, &mut track))
        .map_err(|error| Defect::new(&error, field(&track.path()), problem))?;
    input.end().map_err(|error| Defect::new(&error, None, problem))
}

impl Defect {
    fn new(error: &serde_json::Error, field: Option<String>, otherwise: Problem) -> Self {
        let problem = match error.classify() {
            Category::Data => otherwise,
            Category::Syntax | Category::Eof | Category::Io => Problem::Syntax,
        };
        Self { line: error.line(), column: error.column(), field, problem }
    }
}

/// The names that may be shown; another name is content, and content is not shown.
const NAMES: [&str; 8] = [
    "auth_mode",
    "OPENAI_API_KEY",
    "tokens",
    "id_token",
    "access_token",
    "refresh_token",
    "account_id",
    "last_refresh",
];

fn field(path: &Path) -> Option<String> {
    let name = |segment: &Segment| match segment {
        Segment::Map { key } if NAMES.contains(&key.as_str()) => Some(key.clone()),
        Segment::Map { .. } | Segment::Seq { .. } => Some("*".to_owned()),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    let names: Vec<String> = path.iter().filter_map(name).collect();
    (!names.is_empty()).then(|| names.join("."))
}

/// The fields that have a meaning here, each of a form that the accessors can rely on.
#[derive(Deserialize)]
struct Shape {
    #[serde(default, rename = "auth_mode")]
    _auth_mode: Option<String>,
    #[serde(default, rename = "OPENAI_API_KEY", deserialize_with = "api_key")]
    _api_key: (),
    #[serde(default, rename = "tokens", deserialize_with = "tokens")]
    _tokens: (),
    #[serde(default, rename = "last_refresh", deserialize_with = "time")]
    _last_refresh: (),
}

#[derive(Deserialize)]
struct TokensShape {
    #[serde(default, rename = "id_token", deserialize_with = "id_token")]
    _id_token: (),
    #[serde(default, rename = "access_token", deserialize_with = "access_token")]
    _access_token: (),
    #[serde(default, rename = "refresh_token", deserialize_with = "refresh_token")]
    _refresh_token: (),
    #[serde(default, rename = "account_id")]
    _account_id: Option<String>,
}

fn tokens<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    ObjectOf::<TokensShape>(PhantomData).deserialize(input)
}

fn api_key<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    secret(input, ApiKey::new)
}

fn id_token<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    secret(input, IdToken::new)
}

fn access_token<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    secret(input, AccessToken::new)
}

fn refresh_token<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    secret(input, RefreshToken::new)
}

/// A secret, null, or the empty text that Codex CLI writes for a refresh token that it lacks.
fn secret<'de, D: Deserializer<'de>, T>(
    input: D,
    new: impl FnOnce(String) -> Result<T, MalformedSecret>,
) -> Result<(), D::Error> {
    match Option::<String>::deserialize(input)?.map(new) {
        None | Some(Ok(_) | Err(MalformedSecret::Empty)) => Ok(()),
        Some(Err(error)) => Err(D::Error::custom(error)),
    }
}

/// A time with its zone; Codex CLI refuses one without.
fn time<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    match Option::<String>::deserialize(input)?.map(|text| text.parse::<Timestamp>()) {
        None | Some(Ok(_)) => Ok(()),
        Some(Err(_)) => Err(D::Error::custom("not a time")),
    }
}

/// Null, or an object of the shape `T`. Of itself a derived shape also takes a list of its values.
struct ObjectOf<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for ObjectOf<T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectOf<T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(drop)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Any JSON in which no object names a key twice. Parsers disagree about which of the two counts,
/// so a file that two programs share must not have one.
///
/// `again` marks a value whose key occurred before: the error comes from the value, where the path
/// already names the key.
struct Unrepeated {
    again: bool,
}

impl<'de> DeserializeSeed<'de> for Unrepeated {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        if self.again {
            return Err(D::Error::custom("a key occurs twice"));
        }
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unrepeated {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = object.next_key::<String>()? {
            object.next_value_seed(Self { again: !keys.insert(key) })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(Self { again: false })?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
