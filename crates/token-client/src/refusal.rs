use std::fmt;
use std::time::Duration;

use http_client::{Answer, printable};
use serde_json::Value;

/// A status that is none of success, and what the server said about it.
///
/// The words are the server's, made [`printable`]; from a body that is not JSON, such as the page of
/// a firewall, none are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The status of the answer.
    pub status: u16,
    /// The error's name, such as `invalid_grant`
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)) or
    /// `refresh_token_expired`.
    pub code: Option<String>,
    /// What the server says to a person.
    pub description: Option<String>,
    /// The server's name for this request, which its support can look up.
    pub request_id: Option<String>,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
    /// Whether the body was JSON at all. One that was not is hardly the issuer's own answer.
    pub is_json: bool,
}

/// The errors after which a refresh token is of no use any more.
const FINAL: [&str; 4] =
    ["refresh_token_expired", "refresh_token_reused", "refresh_token_invalidated", "invalid_grant"];

impl Refusal {
    pub(crate) fn of(answer: &Answer) -> Self {
        let body = answer.decode::<Value>();
        let is_json = body.is_ok();
        let (code, description) = words(&body.unwrap_or_default());
        Self {
            status: answer.status(),
            code,
            description,
            request_id: answer.request_id().map(printable),
            retry_after: answer.retry_after(),
            is_json,
        }
    }

    pub(crate) fn is_transient(&self) -> bool {
        matches!(self.status, 408 | 429) || self.status >= 500
    }

    pub(crate) fn ends_the_sign_in(&self) -> bool {
        let code = self.code.as_deref();
        self.status == 401 || code.is_some_and(|code| FINAL.contains(&code))
    }

    /// Whether the error's name has `word` in it; or, where the error has none, its description.
    pub(crate) fn says(&self, word: &str) -> bool {
        let words = self.code.as_ref().or(self.description.as_ref());
        words.is_some_and(|words| words.to_ascii_lowercase().contains(word))
    }
}

/// `HTTP 400, invalid_grant: the code has expired (request req_1)`, as far as the server said that
/// much.
impl fmt::Display for Refusal {
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

/// Code and description, in whichever of the shapes in use they are:
/// `{"error":"…","error_description":"…"}`, `{"error":{"code":"…","message":"…"}}`, `{"code":"…"}`,
/// `{"detail":"…"}`, `{"message":"…"}`. Anything else says nothing.
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

fn first(candidates: &[&Value]) -> Option<String> {
    let mut texts = candidates.iter().filter_map(|value| value.as_str());
    texts.find(|text| !text.trim().is_empty()).map(printable)
}

/// A refusal as it comes out of a body, for tests of those who judge it.
#[cfg(test)]
pub(crate) fn refusal(status: u16, body: &str) -> Refusal {
    let body = serde_json::from_str::<Value>(body);
    let is_json = body.is_ok();
    let (code, description) = words(&body.unwrap_or_default());
    Refusal { status, code, description, request_id: None, retry_after: None, is_json }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(body: &str, code: Option<&str>, description: Option<&str>) {
        let refusal = refusal(400, body);
        assert_eq!(refusal.code.as_deref(), code, "{body:.80}");
        assert_eq!(refusal.description.as_deref(), description, "{body:.80}");
    }

    // threats 5 69
    #[test]
    fn the_errors_of_the_rfcs_keep_their_names() {
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
            says(&body, Some(code), Some("Why it is so"));
        }
    }

    // threats 70
    #[test]
    fn every_shape_in_use_is_understood() {
        says(
            r#"{"error":{"message":"M","type":"t","param":null,"code":"c"}}"#,
            Some("c"),
            Some("M"),
        );
        says(r#"{"error":{"message":"M","type":"t","code":null}}"#, Some("t"), Some("M"));
        says(r#"{"error":{"code":"c"}}"#, Some("c"), None);
        says(r#"{"error":"x"}"#, Some("x"), None);
        says(r#"{"code":"x"}"#, Some("x"), None);
        says(r#"{"code":"x","message":"M"}"#, Some("x"), Some("M"));
        says(r#"{"detail":"D"}"#, None, Some("D"));
        says(r#"{"detail":{"message":"D"}}"#, None, Some("D"));
    }

    // threats 70 71 72 73
    #[test]
    fn every_other_body_says_nothing() {
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
            r#"{"error":7}"#,
            r#"{"error":[1]}"#,
            r#"{"error":{"code":7,"message":[]}}"#,
            r#"{"detail":[{"loc":["body"]}]}"#,
            &deep,
        ] {
            says(body, None, None);
        }
    }

    // threats 69 192
    #[test]
    fn the_words_are_printable_and_short() {
        let long = "x".repeat(10_000);
        let body = format!(r#"{{"error":"a\u001b[2J\n","error_description":"{long}"}}"#);
        says(&body, Some("a\\u{1b}[2J"), Some(&long[..200]));
    }

    // threats 69 71
    #[test]
    fn a_refusal_reads_as_one_line() {
        for (status, body, line) in [
            (400, r#"{"error":"invalid_grant"}"#, "HTTP 400, invalid_grant"),
            (400, r#"{"error":"x","error_description":"Why"}"#, "HTTP 400, x: Why"),
            (403, "<html>canary</html>", "HTTP 403, not JSON"),
            (500, "{}", "HTTP 500"),
            (503, r#"{"detail":"Busy"}"#, "HTTP 503: Busy"),
        ] {
            assert_eq!(refusal(status, body).to_string(), line);
        }
        let named = Refusal { request_id: Some("req_1".into()), ..refusal(500, "{}") };
        assert_eq!(named.to_string(), "HTTP 500 (request req_1)");
    }

    #[track_caller]
    fn is_judged(status: u16, body: &str, ends_the_sign_in: bool, transient: bool) {
        let refusal = refusal(status, body);
        assert_eq!(refusal.ends_the_sign_in(), ends_the_sign_in, "{status} {body}");
        assert_eq!(refusal.is_transient(), transient, "{status} {body}");
    }

    // threats 112 113
    #[test]
    fn only_what_the_contract_lists_ends_a_sign_in() {
        for code in FINAL {
            is_judged(400, &format!(r#"{{"error":"{code}"}}"#), true, false);
            is_judged(400, &format!(r#"{{"error":{{"code":"{code}"}}}}"#), true, false);
        }
        is_judged(401, "", true, false);
        is_judged(401, r#"{"error":"server_error"}"#, true, false);
        is_judged(400, r#"{"error":"invalid_request"}"#, false, false);
        is_judged(403, "<html>", false, false);
        is_judged(429, "{}", false, true);
        is_judged(500, "{}", false, true);
        is_judged(503, "<html>", false, true);
    }
}
