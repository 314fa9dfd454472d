use std::fmt;
use std::time::Duration;

use http_client::{Answer, printable};
use serde_json::Value;

/// A status that is none of success, and what the platform said about it.
///
/// The words are the platform's, made [`printable`]; from a body that is not JSON, such as the page
/// of a firewall, none are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The status of the answer.
    pub status: u16,
    /// The error's name, such as `insufficient_permissions`.
    pub code: Option<String>,
    /// What the platform says to a person.
    pub message: Option<String>,
    /// The platform's name for this request, which its support can look up.
    pub request_id: Option<String>,
    /// How long the platform asks to be left alone.
    pub retry_after: Option<Duration>,
    /// Whether the body was JSON at all. One that was not is hardly the platform's own answer.
    pub is_json: bool,
}

impl Refusal {
    pub(crate) fn of(answer: &Answer) -> Self {
        let body = answer.decode::<Value>();
        let is_json = body.is_ok();
        let (code, message) = words(&body.unwrap_or_default());
        Self {
            status: answer.status(),
            code,
            message,
            request_id: answer.request_id().map(printable),
            retry_after: answer.retry_after(),
            is_json,
        }
    }
}

/// `HTTP 403, insufficient_permissions: no access to this project (request req_1)`, as far as the
/// platform said that much.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        match &self.code {
            Some(code) => write!(f, ", {code}")?,
            None if !self.is_json => f.write_str(", not JSON")?,
            None => {}
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

/// Code and message of `{"error":{"code":"…","type":"…","message":"…"}}`. Anything else says nothing.
fn words(body: &Value) -> (Option<String>, Option<String>) {
    let error = &body["error"];
    let code = text(&error["code"]).or_else(|| text(&error["type"]));
    (code, text(&error["message"]))
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.trim().is_empty())?;
    Some(printable(text))
}

/// A refusal as it comes out of a body, for tests of those who judge it.
#[cfg(test)]
pub(crate) fn refusal(status: u16, body: &str) -> Refusal {
    let body = serde_json::from_str::<Value>(body);
    let is_json = body.is_ok();
    let (code, message) = words(&body.unwrap_or_default());
    Refusal { status, code, message, request_id: None, retry_after: None, is_json }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(status: u16, body: &str, line: &str) {
        assert_eq!(refusal(status, body).to_string(), line, "{body:.80}");
    }

    // threats 70 126 128 129 192
    #[test]
    fn a_refusal_reads_as_one_printable_line() {
        let vendor =
            r#"{"error":{"message":"Not\u001b[2J yours","type":"t","param":null,"code":"c"}}"#;
        reads(403, vendor, "HTTP 403, c: Not\\u{1b}[2J yours");
        reads(409, r#"{"error":{"message":"M","type":"t","code":null}}"#, "HTTP 409, t: M");
        reads(401, r#"{"error":{"code":"c"}}"#, "HTTP 401, c");
        reads(404, r#"{"error":{"message":"M"}}"#, "HTTP 404: M");
        reads(502, "<html>canary</html>", "HTTP 502, not JSON");
        let long = format!(r#"{{"error":{{"message":"{}"}}}}"#, "x".repeat(10_000));
        reads(500, &long, &format!("HTTP 500: {}", "x".repeat(200)));
        let named = Refusal { request_id: Some("req_1".into()), ..refusal(500, "{}") };
        assert_eq!(named.to_string(), "HTTP 500 (request req_1)");
    }

    // threats 70
    #[test]
    fn every_other_body_says_nothing() {
        for body in ["{}", "[]", "null", "7", "\"x\"", r#"{"error":null}"#, r#"{"error":[1]}"#] {
            reads(400, body, "HTTP 400");
        }
    }
}
