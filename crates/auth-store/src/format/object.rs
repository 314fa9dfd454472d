use std::fmt;
use std::mem;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// A JSON object with its members in their order. Values are wiped when they are dropped or replaced;
/// no name is a secret.
#[derive(Default)]
pub(crate) struct Object(Vec<(String, Value)>);

/// The value of a member.
pub(crate) enum Value {
    /// A string.
    Text(Zeroizing<String>),
    /// An object.
    Object(Object),
    /// Any other JSON, and every value of a field that belongs to another program: its source text.
    Raw(Zeroizing<String>),
}

/// The document itself, which has no name.
const DOCUMENT: &str = "";

/// The fields of an object whose strings and objects are parsed; every other value keeps its source text.
fn parsed_fields(object: &str) -> &'static [&'static str] {
    match object {
        DOCUMENT => {
            &["auth_mode", "OPENAI_API_KEY", "personal_access_token", "tokens", "last_refresh"]
        }
        "tokens" => {
            &["id_token", "access_token", "refresh_token", "account_id", "oauth_provenance"]
        }
        "id_token" => &["raw_jwt"],
        "oauth_provenance" => &["issuer", "client_id"],
        _ => &[],
    }
}

impl Object {
    /// Parses the source text of a document.
    pub(crate) fn parse(source: &str) -> serde_json::Result<Self> {
        Self::parse_named(DOCUMENT, source)
    }

    /// Parses the source text of the object under this name.
    fn parse_named(object: &str, source: &str) -> serde_json::Result<Self> {
        let Members(members) = serde_json::from_str(source)?;
        let parse = |(name, source): (String, _)| {
            let value = match parsed_fields(object).contains(&name.as_str()) {
                true => Value::parse(&name, source),
                false => Value::Raw(source.to_owned().into()),
            };
            (name, value)
        };
        Ok(Self(members.into_iter().map(parse).collect()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// The string under this name, unless it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// The object under this name.
    pub(crate) fn object(&self, name: &str) -> Option<&Self> {
        match self.get(name)? {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Changes the object under this name. An empty one takes the place of anything else.
    pub(crate) fn edit_object(&mut self, name: &str, edit: impl FnOnce(&mut Self)) {
        let mut object = match self.take(name) {
            Some(Value::Object(object)) => object,
            _ => Self::default(),
        };
        edit(&mut object);
        self.set(name, object);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Puts a value under this name, in the place of the old one or at the end.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        match self.get_mut(name) {
            Some(old) => *old = value.into(),
            None => self.0.push((name.to_owned(), value.into())),
        }
    }

    /// Takes the value under this name out, and leaves null there.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.get_mut(name).map(mem::take)
    }

    /// Keeps the members with such a name.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }
}

impl Value {
    fn parse(name: &str, source: &str) -> Self {
        let parsed = match source.as_bytes().first() {
            Some(b'"') => serde_json::from_str(source).map(Self::text).ok(),
            Some(b'{') => Object::parse_named(name, source).map(Self::Object).ok(),
            _ => None,
        };
        parsed.unwrap_or_else(|| Self::Raw(source.to_owned().into()))
    }

    fn text(text: String) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Raw(source) if source.as_str() == "null")
    }

    /// Whether this is null or the empty string.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Raw(source) => ["null", "\"\""].contains(&source.as_str()),
            Self::Object(_) => false,
        }
    }

    /// Whether this is an object.
    pub(crate) fn is_object(&self) -> bool {
        match self {
            Self::Raw(source) => source.starts_with('{'),
            other => matches!(other, Self::Object(_)),
        }
    }
}

/// Null.
impl Default for Value {
    fn default() -> Self {
        Self::Raw("null".to_owned().into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text.to_owned())
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        text.map(Self::from).unwrap_or_default()
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Object(object) => object.serialize(serializer),
            Self::Raw(source) => {
                let raw: &RawValue = serde_json::from_str(source).map_err(S::Error::custom)?;
                raw.serialize(serializer)
            }
        }
    }
}

/// The names and the source texts of the values of an object. A name may occur twice.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a str)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = object.next_entry::<String, &RawValue>()? {
            members.push((name, value.get()));
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretty(object: &Object) -> String {
        serde_json::to_string_pretty(object).unwrap()
    }

    // threats 169
    #[test]
    fn fields_of_other_programs_keep_their_source_text() {
        // The names that we know at another level belong to somebody else here.
        let source = "{\n  \"x\": {\"b\":1, \"a\":[ 1e400,\"\\u0041\" ]},\n  \"issuer\": \"\\u0041\\/\",\n  \
                      \"account_id\": {\"tokens\" : 1},\n  \"tokens\": {\n    \"last_refresh\": {\"k\" : 1}\n  }\n}";
        assert_eq!(pretty(&Object::parse(source).unwrap()), source);
    }

    #[test]
    fn set_keeps_the_position_of_a_member() {
        let mut object = Object::parse(r#"{"z":1,"a":2}"#).unwrap();
        object.set("z", "new");
        object.set("m", Value::default());
        object.edit_object("a", |a| a.set("b", "c"));
        let expected = r#"{"z":"new","a":{"b":"c"},"m":null}"#;
        assert_eq!(serde_json::to_string(&object).unwrap(), expected);
    }
}
