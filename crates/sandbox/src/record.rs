use std::fmt;

use serde_json::Value;

use crate::Endpoint;

/// A received request.
///
/// `Debug` shows neither the query nor the headers nor the body: a failing test would print the
/// secrets in them.
#[derive(Clone)]
pub struct Recorded {
    /// The number of its connection.
    pub connection: u64,
    /// The endpoint it is for.
    pub endpoint: Endpoint,
    /// The method.
    pub method: String,
    /// The path as sent, percent-encoded.
    pub path: String,
    /// The query as sent.
    pub query: Option<String>,
    /// The headers in order, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The HTTP version.
    pub version: hyper::Version,
}

impl Recorded {
    /// Whether it is a request to this endpoint.
    #[must_use]
    pub fn is_at(&self, endpoint: &Endpoint) -> bool {
        match endpoint {
            Endpoint::Path(path) => *path == self.path,
            other => other.includes(&self.endpoint),
        }
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The parameters of the query, decoded, in their order.
    #[must_use]
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        pairs(self.query.as_deref().unwrap_or_default().as_bytes())
    }

    /// The body as a form (`application/x-www-form-urlencoded`), decoded, in its order.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }

    /// The body as JSON, if it is JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The segments of the path, each decoded; none if one of them is not UTF-8.
    pub(crate) fn segments(&self) -> Option<Vec<String>> {
        let segments = self.path.split('/').skip(1);
        segments.map(|segment| urlencoding::decode(segment).ok().map(Into::into)).collect()
    }
}

/// The first header of this name, in any case.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(candidate, _)| candidate.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(encoded).into_owned().collect()
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, endpoint, .. } = self;
        write!(f, "{method} {path} ({endpoint:?}, {} bytes)", self.body.len())
    }
}
