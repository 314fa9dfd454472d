use std::fmt;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use zeroize::Zeroizing;

use crate::error::Error;

/// A whole answer: status, the few headers that matter, and the body, which is wiped on drop
/// because token answers are secrets.
pub struct Answer {
    host: String,
    status: u16,
    content_type: Option<String>,
    retry_after: Option<Duration>,
    request_id: Option<String>,
    body: Zeroizing<Vec<u8>>,
}

impl Answer {
    pub(crate) async fn read(
        host: &str,
        mut response: reqwest::Response,
        max_body: usize,
    ) -> Result<Self, Error> {
        let status = response.status().as_u16();
        if response.status().is_redirection() {
            return Err(Error::Redirect { host: host.to_owned(), status });
        }
        // All of it is reserved at once, so that no half-read copy is left behind by growing.
        let mut body = Zeroizing::new(Vec::with_capacity(expected_size(&response, max_body)));
        while let Some(chunk) = response.chunk().await.map_err(|error| Error::of(host, error))? {
            if body.len() + chunk.len() > max_body {
                return Err(Error::TooLarge { host: host.to_owned(), limit: max_body });
            }
            body.extend_from_slice(&chunk);
        }
        let headers = response.headers();
        Ok(Self {
            host: host.to_owned(),
            status,
            content_type: text(headers, CONTENT_TYPE.as_str()),
            retry_after: text(headers, RETRY_AFTER.as_str()).and_then(|value| seconds(&value)),
            request_id: text(headers, "x-request-id"),
            body,
        })
    }

    /// The host that answered.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The status code; never a redirect.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long the server asks to be left alone
    /// ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)), where it gives
    /// seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The server's own name for this request, which its support can look up.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as a JSON object of the shape `T`, whatever its `Content-Type` says.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] names the field, never its value.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        // A list would be read as the fields of a struct in their order.
        if self.body.trim_ascii_start().starts_with(b"[") {
            return Err(DecodeError::Shape { field: ".".to_owned() });
        }
        let mut input = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut input).map_err(|error| {
            let path = error.path().to_string();
            self.misshapen(&path, &error.into_inner())
        })?;
        input.end().map_err(|error| self.misshapen(".", &error))?;
        Ok(value)
    }

    fn misshapen(&self, path: &str, error: &serde_json::Error) -> DecodeError {
        match error.classify() {
            Category::Data => DecodeError::Shape { field: field(path, &error.to_string()) },
            _ => DecodeError::NotJson {
                status: self.status,
                content_type: self.content_type.clone(),
            },
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Answer");
        debug.field("host", &self.host).field("status", &self.status).finish_non_exhaustive()
    }
}

/// A body that is not what the caller asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not JSON: a proxy's or a firewall's page, most often.
    #[error("the answer is not JSON (HTTP {status}, {})", content_type.as_deref().unwrap_or("no content type"))]
    NotJson {
        /// The status that came with it.
        status: u16,
        /// What the server says that it is.
        content_type: Option<String>,
    },
    /// JSON of another shape.
    #[error("the answer has no usable `{field}`")]
    Shape {
        /// The path to the field that is missing, doubled or of another type.
        field: String,
    },
}

/// The path to the field in question. The parser's own words are not kept: they quote the value,
/// which may be a token. Only a field's name, which is ours, is taken out of them.
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

fn expected_size(response: &reqwest::Response, max_body: usize) -> usize {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    announced.unwrap_or(16 * 1024).min(max_body)
}

/// A header as text, cut to what a message can show.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.chars().take(100).collect())
}

fn seconds(value: &str) -> Option<Duration> {
    value.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

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

    fn answer(body: &str) -> Answer {
        Answer {
            host: "a.test".into(),
            status: 200,
            content_type: Some("text/html".into()),
            retry_after: None,
            request_id: None,
            body: Zeroizing::new(body.into()),
        }
    }

    #[track_caller]
    fn misses(body: &str, field: &str) {
        let error = answer(body).decode::<Shape>().unwrap_err();
        assert_eq!(error, DecodeError::Shape { field: field.into() }, "{body}");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    // threats 85 141
    #[test]
    fn the_field_is_named_and_its_value_is_not() {
        misses("{}", "token");
        misses(r#"{"token":null}"#, "token");
        misses(r#"{"token":["canary"]}"#, "token");
        misses(r#"{"token":"a","token":"canary"}"#, "token");
        misses(r#"{"token":"a","inner":{}}"#, "inner.id");
        misses(r#"{"token":"a","inner":{"id":7}}"#, "inner.id");
        misses(r#""canary""#, ".");
        misses(r#"["canary"]"#, ".");
    }

    // threats 71 72 73
    #[test]
    fn what_is_not_json_is_said_with_status_and_content_type() {
        let deep = r#"{"a":"#.repeat(100_000);
        for body in
            ["", "<html>canary", "{\"token\":\"a\"} trailing", "\u{feff}{}", "{\"token\":", &deep]
        {
            let error = answer(body).decode::<Shape>().unwrap_err();
            let expected =
                DecodeError::NotJson { status: 200, content_type: Some("text/html".into()) };
            assert_eq!(error, expected, "{body:.20}");
        }
    }

    // threats 78
    #[test]
    fn only_whole_seconds_count_as_retry_after() {
        assert_eq!(seconds("2"), Some(Duration::from_secs(2)));
        assert_eq!(seconds("1000000000"), Some(Duration::from_secs(1_000_000_000)));
        for value in
            ["-1", "", "soon", "1e3", "99999999999999999999", "Wed, 21 Oct 2026 07:28:00 GMT"]
        {
            assert_eq!(seconds(value), None, "{value}");
        }
    }
}
