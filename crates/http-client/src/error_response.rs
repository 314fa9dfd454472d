use std::fmt;
use std::time::Duration;

use printable::excerpt;
use serde_json::Value;

use crate::response::Response;

/// A status other than 2xx, with the server's description.
///
/// The text is the server's, sanitized by [`printable`], truncated, and without the secrets of the
/// request. A body that is not JSON, such as the page of a firewall, is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorResponse {
    /// The status of the response.
    pub status: u16,
    /// The error code, such as `invalid_grant`
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)) or
    /// `insufficient_permissions`.
    pub code: Option<String>,
    /// The server's description.
    pub description: Option<String>,
    /// The server's name for this request, which its support can look up.
    pub request_id: Option<String>,
    /// The delay that the server requests with `Retry-After`.
    pub retry_after: Option<Duration>,
    /// Whether the body was JSON. If not, the response is probably from a gateway.
    pub is_json: bool,
    /// Whether the body is an OAuth error or the vendor's error object, which means that the server
    /// itself sent it, and not a gateway.
    pub is_known_format: bool,
}

/// The maximum length of a server's text in a message.
const MAX_CHARS: usize = 200;

impl ErrorResponse {
    /// The error of a response.
    #[must_use]
    pub fn from_response(response: &Response) -> Self {
        let parsed = Self::from_body(response.status(), response.body());
        let without_secrets = |words: String| response.without_secrets(words);
        Self {
            code: parsed.code.map(without_secrets),
            description: parsed.description.map(without_secrets),
            request_id: response.request_id().map(|id| excerpt(&id, MAX_CHARS)),
            retry_after: response.retry_after(),
            ..parsed
        }
    }

    /// The error of a status and a body in one of these forms:
    /// `{"error":"…","error_description":"…"}`, `{"error":{"code":"…","message":"…"}}`,
    /// `{"code":"…"}`, `{"detail":"…"}`, `{"message":"…"}`. Any other body is ignored.
    #[must_use]
    pub fn from_body(status: u16, body: &[u8]) -> Self {
        let body = serde_json::from_slice::<Value>(body);
        let is_json = body.is_ok();
        let body = body.unwrap_or_default();
        let (code, description) = words(&body);
        let is_known_format = is_known_format(&body["error"]);
        Self {
            status,
            code,
            description,
            request_id: None,
            retry_after: None,
            is_json,
            is_known_format,
        }
    }

    /// Whether a retry may succeed later: the server was busy or failed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.status, 408 | 429) || self.status >= 500
    }

    /// Whether the error code contains `word`, or the description if there is no code.
    #[must_use]
    pub fn says(&self, word: &str) -> bool {
        let words = self.code.as_ref().or(self.description.as_ref());
        words.is_some_and(|words| words.to_ascii_lowercase().contains(word))
    }
}

/// `HTTP 400, invalid_grant: the code has expired (request req_1)`, if all parts are present.
impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        match &self.code {
            Some(code) => write!(f, ", {code}")?,
            None if !self.is_json => f.write_str(", not JSON")?,
            None => {}
        }
        if let Some(description) = &self.description {
            write!(f, ": {description}")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

fn words(body: &Value) -> (Option<String>, Option<String>) {
    let error = &body["error"];
    let code = [error, &error["code"], &body["code"], &error["type"]];
    let description = [
        &body["error_description"],
        &error["message"],
        &body["message"],
        &body["detail"],
        &body["detail"]["message"],
    ];
    (first(&code), first(&description))
}

/// `{"error":"invalid_grant"}`, whose code is lower case in every registered error
/// ([RFC 6749 §11.4](https://www.rfc-editor.org/rfc/rfc6749#section-11.4)), or
/// `{"error":{"message":"…","type":"…","code":"…"}}`, whose code is a word or absent.
fn is_known_format(error: &Value) -> bool {
    let is_word = |text: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        !text.is_empty() && text.bytes().all(fits)
    };
    match error {
        Value::String(word) => is_word(word),
        Value::Object(object) => match object.get("code") {
            Some(Value::String(_)) => true,
            Some(Value::Null) | None => object.get("message").is_some_and(Value::is_string),
            Some(_) => false,
        },
        _ => false,
    }
}

fn first(candidates: &[&Value]) -> Option<String> {
    let texts = candidates.iter().filter_map(|value| value.as_str());
    texts.map(|text| excerpt(text, MAX_CHARS)).find(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_parsed(body: &str, code: Option<&str>, description: Option<&str>) {
        let error = ErrorResponse::from_body(400, body.as_bytes());
        assert_eq!(error.code.as_deref(), code, "{body:.80}");
        assert_eq!(error.description.as_deref(), description, "{body:.80}");
    }

    // threats 5 69
    #[test]
    fn rfc_error_codes_are_kept() {
        for code in [
            "invalid_request",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
            "invalid_target",
        ] {
            let body = format!(r#"{{"error":"{code}","error_description":"Why it is so"}}"#);
            assert_parsed(&body, Some(code), Some("Why it is so"));
        }
    }

    // threats 70
    #[test]
    fn each_known_error_body_is_parsed() {
        assert_parsed(
            r#"{"error":{"message":"M","type":"t","param":null,"code":"c"}}"#,
            Some("c"),
            Some("M"),
        );
        assert_parsed(r#"{"error":{"message":"M","type":"t","code":null}}"#, Some("t"), Some("M"));
        assert_parsed(r#"{"error":{"code":"c"}}"#, Some("c"), None);
        assert_parsed(r#"{"error":"x"}"#, Some("x"), None);
        assert_parsed(r#"{"code":"x"}"#, Some("x"), None);
        assert_parsed(r#"{"code":"x","message":"M"}"#, Some("x"), Some("M"));
        assert_parsed(r#"{"detail":"D"}"#, None, Some("D"));
        assert_parsed(r#"{"detail":{"message":"D"}}"#, None, Some("D"));
    }

    // threats 70 71 72 73
    #[test]
    fn other_bodies_have_no_error_code() {
        let deep = "[".repeat(100_000);
        for body in [
            "[]",
            "\"x\"",
            "7",
            "null",
            "true",
            "{}",
            "",
            "<html>no</html>",
            "{\"error\":",
            "NaN",
            "\u{feff}{\"error\":\"x\"}",
            r#"{"error":""}"#,
            r#"{"error":"\u001b","message":"\u200b"}"#,
            r#"{"error":7}"#,
            r#"{"error":[1]}"#,
            r#"{"error":{"code":7,"message":[]}}"#,
            r#"{"detail":[{"loc":["body"]}]}"#,
            &deep,
        ] {
            assert_parsed(body, None, None);
        }
    }

    // threats 69 192
    #[test]
    fn error_text_is_printable_and_short() {
        let long = "x".repeat(10_000);
        let body = format!(r#"{{"error":"a\u001b[2J\n","error_description":"{long}"}}"#);
        assert_parsed(&body, Some("a[2J"), Some(&format!("{}…", &long[..199])));
    }

    // threats 69 71
    #[test]
    fn error_response_is_displayed_on_one_line() {
        for (status, body, line) in [
            (400, r#"{"error":"invalid_grant"}"#, "HTTP 400, invalid_grant"),
            (400, r#"{"error":"x","error_description":"Why"}"#, "HTTP 400, x: Why"),
            (403, "<html>canary</html>", "HTTP 403, not JSON"),
            (500, "{}", "HTTP 500"),
            (503, r#"{"detail":"Busy"}"#, "HTTP 503: Busy"),
        ] {
            assert_eq!(ErrorResponse::from_body(status, body.as_bytes()).to_string(), line);
        }
        let named = ErrorResponse {
            request_id: Some("req_1".into()),
            ..ErrorResponse::from_body(500, b"{}")
        };
        assert_eq!(named.to_string(), "HTTP 500 (request req_1)");
    }
}
