use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::Endpoint;

/// One thing that goes wrong: at which endpoint, at which of its requests, and what.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The endpoint.
    pub at: Endpoint,
    /// Which of the requests there; each fault counts for itself.
    #[serde(default)]
    pub on: On,
    /// What is waited before anything else happens.
    #[serde(default, deserialize_with = "crate::scenario::duration")]
    pub delay: Duration,
    /// What happens.
    #[serde(default)]
    pub then: Then,
}

impl Fault {
    /// A fault at every request to an endpoint.
    #[must_use]
    pub fn new(at: Endpoint, then: Then) -> Self {
        Self { at, on: On::Every, delay: Duration::ZERO, then }
    }

    /// The same fault at fewer requests.
    #[must_use]
    pub fn on(self, on: On) -> Self {
        Self { on, ..self }
    }

    /// The same fault, later.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// Which requests to an endpoint a fault is for; the first is number 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// All of them.
    #[default]
    Every,
    /// Those with these numbers.
    Nth(Vec<u32>),
    /// The first so many.
    First(u32),
    /// This one and all later ones.
    From(u32),
}

impl On {
    pub(crate) fn includes(&self, number: u32) -> bool {
        match self {
            Self::Every => true,
            Self::Nth(numbers) => numbers.contains(&number),
            Self::First(count) => number <= *count,
            Self::From(first) => number >= *first,
        }
    }
}

/// What happens instead of the honest answer, or to it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Then {
    /// The honest answer, after the delay.
    #[default]
    Honest,
    /// This answer; the request changes nothing.
    Answer(Reply),
    /// A redirect; the request changes nothing.
    Redirect {
        /// The status, such as 307.
        status: u16,
        /// The `Location`.
        location: String,
    },
    /// The honest answer with a JSON merge patch
    /// ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)) on its body: null takes a field away.
    Merge(Value),
    /// The honest answer with one value of its body replaced, be it by null.
    Replace {
        /// Which one, as a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
        pointer: String,
        /// By what.
        value: Value,
    },
    /// The honest answer, whose body ends after so many bytes, before its `Content-Length`.
    CutOff {
        /// How much of the body is sent.
        after: usize,
    },
    /// The honest answer, whose body goes on after so many bytes only when the sandbox stops.
    Stall {
        /// How much of the body is sent.
        after: usize,
    },
    /// Status 200, and a body of spaces that has no end.
    Endless,
    /// No answer for as long as the sandbox lives; the request changes nothing.
    Hang,
    /// The honest answer, once [`Sandbox::release`](crate::Sandbox::release) is called.
    Hold,
    /// The request does what it should, and the connection closes without an answer.
    Lose,
    /// The honest answer, garbled below TLS: what arrives is no TLS record, or no HTTP.
    Garble,
    /// The connection closes without an answer; the request changes nothing.
    Close,
    /// The connection is reset; the request changes nothing.
    Reset,
}

impl Then {
    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: Value) -> Self {
        Self::Answer(Reply { status, headers: Vec::new(), body: Body::Json(body) })
    }

    /// An answer of another type, such as the HTML page of something on the way.
    #[must_use]
    pub fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self::Answer(Reply {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: Body::Text(body.to_owned()),
        })
    }
}

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
