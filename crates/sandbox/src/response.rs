use serde_json::{Value, json};

/// The response of an endpoint, before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::json_text(status, body.to_string())
    }

    pub(crate) fn json_text(status: u16, body: String) -> Self {
        Self::with_content_type(status, "application/json", body)
    }

    /// A page loads nothing, runs nothing, and cannot be framed. Its forms are sent to the sandbox,
    /// which redirects to a callback on loopback.
    pub(crate) fn html(status: u16, page: String) -> Self {
        const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
            form-action 'self' http://localhost:* http://127.0.0.1:*; base-uri 'none'; frame-ancestors 'none'";
        Self::with_content_type(status, "text/html; charset=utf-8", page)
            .with("content-security-policy", POLICY)
            .with("referrer-policy", "no-referrer")
    }

    pub(crate) fn redirect(location: &str) -> Self {
        let empty = Self::with_content_type(302, "text/plain; charset=utf-8", String::new());
        empty.with("location", location)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// No response may be cached:
    /// [RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1) requires it for tokens.
    fn with_content_type(status: u16, content_type: &str, body: String) -> Self {
        let response = Self { status, headers: Vec::new(), body: body.into_bytes() };
        response.with("content-type", content_type).with("cache-control", "no-store")
    }
}

/// An error response, in one of the two forms of the real endpoints.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// `{"error": "…", "error_description": "…"}`, as
    /// [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) has it.
    OAuth(u16, &'static str, String),
    /// `{"error": {"message", "type", "param", "code"}}`, as the platform has it.
    Platform(u16, &'static str, String),
}

impl Refusal {
    pub(crate) fn oauth(code: &'static str, description: impl Into<String>) -> Self {
        Self::OAuth(400, code, description.into())
    }

    pub(crate) fn platform(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self::Platform(status, code, message.into())
    }

    pub(crate) fn server_error(message: impl Into<String>) -> Self {
        Self::Platform(500, "server_error", message.into())
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::OAuth(status, code, description) => {
                Self::json(status, &json!({"error": code, "error_description": description}))
            }
            Refusal::Platform(status, code, message) => {
                let kind = if status < 500 { "invalid_request_error" } else { "server_error" };
                let error = json!({"message": message, "type": kind, "param": null, "code": code});
                Self::json(status, &json!({ "error": error }))
            }
        }
    }
}
