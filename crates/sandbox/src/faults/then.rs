use serde_json::Value;

/// What a fault does with the normal response.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Then {
    /// The normal response, after the delay.
    #[default]
    Normal,
    /// This response; the request changes nothing.
    Respond(Reply),
    /// A redirect; the request changes nothing.
    Redirect {
        /// The status, such as 307.
        status: u16,
        /// The `Location`.
        location: String,
    },
    /// The normal response with a JSON merge patch
    /// ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)) on its body: null removes a field.
    Merge(Value),
    /// The normal response with one value of its body replaced.
    Replace {
        /// The value, as a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
        pointer: String,
        /// The replacement.
        value: Value,
    },
    /// The normal response, truncated after this many bytes of its body.
    CutOff {
        /// The number of bytes that are sent.
        after: usize,
    },
    /// The normal response, whose body stalls after this many bytes until the sandbox stops.
    Stall {
        /// The number of bytes that are sent.
        after: usize,
    },
    /// Status 200, and an endless body of spaces: chunked, with HTTP/1.1.
    Endless,
    /// No response until the sandbox stops; the request changes nothing.
    Hang,
    /// The normal response, after [`Sandbox::release`](crate::Sandbox::release).
    Hold,
    /// The request is processed, and the connection closes without a response.
    Lose,
    /// The normal response, garbled below TLS: the client receives an invalid TLS record, or
    /// invalid HTTP.
    Garble,
    /// The connection closes without a response; the request changes nothing.
    Close,
    /// The connection is reset; the request changes nothing.
    Reset,
}

impl Then {
    /// A JSON response.
    #[must_use]
    pub fn json(status: u16, body: Value) -> Self {
        Self::Respond(Reply { status, headers: Vec::new(), body: Body::Json(body) })
    }

    /// A response of another type, such as the HTML page of a gateway.
    #[must_use]
    pub fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self::Respond(Reply {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: Body::Text(body.to_owned()),
        })
    }
}

/// The response of a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers; a JSON body adds its `Content-Type` unless it is set here.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// The body of the response.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// These characters.
    Text(String),
    /// This value.
    Json(Value),
    /// These bytes.
    Bytes(Vec<u8>),
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}
