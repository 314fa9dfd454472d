use std::fmt;
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde_json::error::Category;
use zeroize::Zeroizing;

use crate::attempt::Attempt;
use crate::error::Error;
use crate::form_body::{form_as_json, is_form};
use crate::redact::Secrets;

/// A response: status, headers, and the body, which is wiped on drop because token responses are
/// secrets.
pub struct Response {
    host: String,
    status: u16,
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
    secrets: Secrets,
}

impl Response {
    pub(crate) async fn read(
        attempt: &Attempt,
        mut response: reqwest::Response,
        max_body: usize,
        secrets: Secrets,
    ) -> Result<Self, Error> {
        let size = reserved(response.content_length(), max_body);
        let mut body = Zeroizing::new(Vec::with_capacity(size));
        loop {
            let chunk = attempt.chunk(response.chunk()).await?;
            let Some(chunk) = chunk.map_err(|error| attempt.failed(error))? else { break };
            if body.len() + chunk.len() > max_body {
                return Err(attempt.too_large(max_body));
            }
            body.extend_from_slice(&chunk);
        }
        let (status, headers) = (response.status().as_u16(), response.headers_mut());
        Ok(Self::new(&attempt.host, status, std::mem::take(headers), body, secrets))
    }

    pub(crate) fn new(
        host: &str,
        status: u16,
        headers: HeaderMap,
        mut body: Zeroizing<Vec<u8>>,
        secrets: Secrets,
    ) -> Self {
        let is_object = body.trim_ascii_start().starts_with(b"{");
        let is_form = text(&headers, CONTENT_TYPE.as_str()).is_some_and(|it| is_form(&it));
        if let Some(json) = (!is_object && is_form).then(|| form_as_json(&body).ok()).flatten() {
            body = json;
        }
        Self { host: host.to_owned(), status, headers, body, secrets }
    }

    /// The host of the server.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The headers, as the server sent them. They can repeat a secret of the request.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body. A form is a JSON object here, as [`decode`](Self::decode) reads it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The delay that the server requests with `Retry-After`
    /// ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)). A date is
    /// relative to the `Date` of the response, so that this machine's clock does not matter.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers)
    }

    /// The server's id of this request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<String> {
        self.text("x-request-id")
    }

    /// The `Content-Type` header.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        self.text(CONTENT_TYPE.as_str())
    }

    /// The `Date` header ([RFC 9110 §6.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1)).
    #[must_use]
    pub fn date(&self) -> Option<SystemTime> {
        date(&self.headers)
    }

    /// A header for a message: short, and without the secrets of the request.
    fn text(&self, name: &str) -> Option<String> {
        text(&self.headers, name).map(|text| self.secrets.strip(text))
    }

    /// The server's text without the secrets of the request.
    pub(crate) fn without_secrets(&self, words: String) -> String {
        self.secrets.strip(words)
    }

    /// The body as a JSON object of the shape `T`. A form counts as an object of strings, because some
    /// servers, such as GitHub's, return one. Any other `Content-Type` counts as JSON.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] names the field, never its value.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, DecodeError> {
        // Serde would read a list as the fields of a struct.
        if self.body.trim_ascii_start().starts_with(b"[") {
            return Err(DecodeError::NotAnObject);
        }
        let mut input = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut input).map_err(|error| {
            let path = error.path().to_string();
            self.invalid_json(&path, &error.into_inner())
        })?;
        input.end().map_err(|error| self.invalid_json(".", &error))?;
        Ok(value)
    }

    fn invalid_json(&self, path: &str, error: &serde_json::Error) -> DecodeError {
        match error.classify() {
            Category::Data if !self.body.trim_ascii_start().starts_with(b"{") => {
                DecodeError::NotAnObject
            }
            Category::Data => DecodeError::Shape { field: field(path, &error.to_string()) },
            _ => DecodeError::NotJson { status: self.status, content_type: self.content_type() },
        }
    }
}

#[cfg(fuzzing)]
impl Response {
    /// A synthetic response to a request with one secret, for the fuzz targets.
    #[doc(hidden)]
    #[must_use]
    pub fn known(status: u16, content_type: &str, body: &[u8], secret: &str) -> Self {
        let mut secrets = Secrets::default();
        secrets.add(secret);
        let content_type = content_type.parse().map(|value| (CONTENT_TYPE, value));
        let (headers, body) = (content_type.into_iter().collect(), body.to_owned().into());
        Self { host: "a.test".to_owned(), status, headers, body, secrets }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Response");
        debug.field("host", &self.host).field("status", &self.status).finish_non_exhaustive()
    }
}

/// An unexpected body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not JSON, usually the page of a proxy or firewall.
    #[error("the response is not JSON (HTTP {status}, {})", content_type.as_deref().unwrap_or("no content type"))]
    NotJson {
        /// The status of the response.
        status: u16,
        /// The `Content-Type` header.
        content_type: Option<String>,
    },
    /// JSON, but not an object.
    #[error("the response is not a JSON object")]
    NotAnObject,
    /// JSON with another structure.
    #[error("the response has no usable `{field}`")]
    Shape {
        /// The path of a missing, duplicate or invalid field.
        field: String,
    },
}

/// The path of the invalid field. The parser's message is dropped: it quotes the value, which may
/// be a token. Only the field name is taken from it.
fn field(path: &str, message: &str) -> String {
    let named = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix)?.split('`').next());
    match (path, named) {
        (".", Some(name)) => name.to_owned(),
        (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    }
}

/// The initial buffer of a body without `Content-Length`. Any response with a secret fits.
const UNANNOUNCED: usize = 64 * 1024;

/// The initial size of the body buffer. A buffer that grows leaves an unwiped copy behind, so it
/// only grows for a long list without `Content-Length`.
fn reserved(announced: Option<u64>, max_body: usize) -> usize {
    let announced = announced.map(|length| usize::try_from(length).unwrap_or(max_body));
    announced.unwrap_or(UNANNOUNCED).min(max_body)
}

/// A header as text, truncated for messages.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.trim().chars().take(100).collect())
}

/// Seconds, or a date. A past date is zero.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER.as_str())?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = httpdate::parse_http_date(&value).ok()?;
    Some(then.duration_since(date(headers)?).unwrap_or_default())
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(&text(headers, DATE.as_str())?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Shape {
        #[expect(dead_code, reason = "only its being there matters")]
        token: String,
        #[expect(dead_code, reason = "only its being there matters")]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only its being there matters")]
        id: String,
    }

    fn response(body: &str) -> Response {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, "text/html".parse().unwrap())]);
        Response::new("a.test", 200, headers, Zeroizing::new(body.into()), Secrets::default())
    }

    #[track_caller]
    fn assert_invalid_field(body: &str, field: &str) {
        let error = response(body).decode::<Shape>().unwrap_err();
        assert_eq!(error, DecodeError::Shape { field: field.into() }, "{body}");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    // threats 85 141
    #[test]
    fn decode_error_names_the_field_without_its_value() {
        assert_invalid_field("{}", "token");
        assert_invalid_field(r#"{"token":null}"#, "token");
        assert_invalid_field(r#"{"token":["canary"]}"#, "token");
        assert_invalid_field(r#"{"token":"a","token":"canary"}"#, "token");
        assert_invalid_field(r#"{"token":"a","inner":{}}"#, "inner.id");
        assert_invalid_field(r#"{"token":"a","inner":{"id":7}}"#, "inner.id");
    }

    // threats 85 141
    #[test]
    fn json_that_is_not_an_object_is_an_error() {
        for body in [r#""canary""#, r#"["canary"]"#, "7", " null"] {
            assert_eq!(response(body).decode::<Shape>().unwrap_err(), DecodeError::NotAnObject);
        }
    }

    // threats 71 72 73
    #[test]
    fn non_json_response_error_has_status_and_content_type() {
        let deep = r#"{"a":"#.repeat(100_000);
        for body in
            ["", "<html>canary", "{\"token\":\"a\"} trailing", "\u{feff}{}", "{\"token\":", &deep]
        {
            let error = response(body).decode::<Shape>().unwrap_err();
            let expected =
                DecodeError::NotJson { status: 200, content_type: Some("text/html".into()) };
            assert_eq!(error, expected, "{body:.20}");
        }
    }

    #[track_caller]
    fn assert_retry_after(value: &str, date: Option<&str>, expected: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        assert_eq!(retry_after(&headers), expected.map(Duration::from_secs), "{value} {date:?}");
    }

    const DATED: Option<&str> = Some("Wed, 21 Oct 2026 07:28:00 GMT");

    // threats 78 130
    #[test]
    fn retry_after_is_seconds_or_a_date_relative_to_the_response() {
        for (value, expected) in [("0", 0), ("2", 2), (" 2 ", 2), ("1000000000", 1_000_000_000)] {
            assert_retry_after(value, None, Some(expected));
            assert_retry_after(value, Some("soon"), Some(expected));
        }
        // The three forms of RFC 9110 §5.6.7.
        assert_retry_after("Wed, 21 Oct 2026 07:28:07 GMT", DATED, Some(7));
        assert_retry_after("Wednesday, 21-Oct-26 07:28:07 GMT", DATED, Some(7));
        assert_retry_after("Wed Oct 21 07:28:07 2026", DATED, Some(7));
        assert_retry_after("Wed, 21 Oct 2026 07:28:00 GMT", DATED, Some(0));
        assert_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", DATED, Some(0));
    }

    // threats 78 130
    #[test]
    fn invalid_retry_after_is_none() {
        for value in ["-1", "", "soon", "1e3", "1.5", "99999999999999999999", "2026-10-21"] {
            assert_retry_after(value, DATED, None);
        }
        assert_retry_after("Wed, 41 Oct 2026 07:28:07 GMT", DATED, None);
        assert_retry_after("Wed, 21 Oct 2026 07:28:07 +0200", DATED, None);
        assert_retry_after("Wed, 21 Oct 2026 07:28:07 GMT", None, None);
        assert_retry_after("Wed, 21 Oct 2026 07:28:07 GMT", Some("soon"), None);
    }

    #[test]
    fn body_buffer_is_reserved_up_to_64_kib() {
        let cap = 64 * 1024;
        for (announced, expected) in [
            (None, cap),
            (Some(0), 0),
            (Some(900), 900),
            (Some(65_536), cap),
            (Some(u64::MAX), cap),
        ] {
            assert_eq!(reserved(announced, cap), expected, "{announced:?}");
        }
        assert_eq!(reserved(None, 16 * cap), cap);
        assert_eq!(reserved(Some(300_000), 16 * cap), 300_000);
        assert_eq!(reserved(None, 7), 7);
    }
}
