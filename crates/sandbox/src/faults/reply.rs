use serde::Deserialize;
use serde_json::Value;

/// An answer of a fault.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers; a JSON body brings its `Content-Type` unless one is here.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: Body,
}

/// The body of such an answer: a text in the file is sent as it is, anything else as JSON.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Body {
    /// These characters.
    Text(String),
    /// This value.
    Json(Value),
    /// These bytes.
    #[serde(skip)]
    Bytes(Vec<u8>),
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}
