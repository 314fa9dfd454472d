use std::fmt::Display;
use std::time::Duration;

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
    /// The honest answer, during whose body the connection is reset after so many bytes of it.
    ResetAfter {
        /// How much of the body is sent.
        after: usize,
    },
    /// The honest answer, whose body goes on after so many bytes only when the sandbox stops.
    Stall {
        /// How much of the body is sent.
        after: usize,
    },
    /// The honest answer, whose body comes byte by byte.
    Drip {
        /// How long each byte but the first is waited for.
        #[serde(deserialize_with = "crate::scenario::duration")]
        every: Duration,
    },
    /// Status 200, and a body of spaces that has no end: chunked, with HTTP/1.1.
    Endless,
    /// The honest answer with so many spaces before its body, which JSON allows, and all of that
    /// packed by gzip to a thousandth, whether or not the client takes it (`Accept-Encoding`).
    Bomb {
        /// How many spaces, at least.
        spaces: u64,
    },
    /// The body of the honest answer after these bytes, which take the place of its head, and then
    /// the end of the connection: for heads that no server should send, and lengths that are lies.
    ///
    /// This and the next two are for HTTP/1; with HTTP/2 they break the connection.
    Head(#[serde(deserialize_with = "text")] Vec<u8>),
    /// These bytes, whatever they are, and then the end of the connection; the request changes
    /// nothing.
    Raw(#[serde(deserialize_with = "text")] Vec<u8>),
    /// Bytes without an end; the request changes nothing.
    Flood {
        /// What comes once.
        #[serde(default, deserialize_with = "text")]
        first: Vec<u8>,
        /// What comes after it, again and again.
        #[serde(deserialize_with = "text")]
        again: Vec<u8>,
    },
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

    /// The honest answer of a JSON endpoint with this as its `Content-Length`, be it true or not.
    #[must_use]
    pub fn content_length(length: impl Display) -> Self {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
        Self::Head(format!("{head} {length}\r\n\r\n").into_bytes())
    }
}

/// Bytes are a text in the file.
fn text<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
    String::deserialize(input).map(String::into_bytes)
}
