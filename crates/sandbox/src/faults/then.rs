use serde::Deserialize;
use serde_json::Value;

use super::reply::{Body, Reply};

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
    /// Status 200, and a body of spaces that has no end: chunked, with HTTP/1.1.
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
