use serde::Deserialize;
use serde_json::Value;

/// The response of a fault.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers; a JSON body adds its `Content-Type` unless it is set here.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: Body,
}

/// The body of the response: a string in the file is sent as text, anything else as JSON.
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
