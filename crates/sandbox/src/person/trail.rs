use std::fmt;

use url::Url;

/// Everything that a person's browser saw, from the authorization URL on.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// The requests and their answers, in order.
    pub steps: Vec<Step>,
}

impl Trail {
    /// The last page that was seen.
    #[must_use]
    pub fn last(&self) -> Option<&Step> {
        self.steps.last()
    }

    /// The visit to the callback.
    #[must_use]
    pub fn callback(&self) -> Option<&Step> {
        self.at("/auth/callback")
    }

    /// The first visit to this path.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.url.path() == path)
    }
}

/// One request of the browser, and its answer.
///
/// `Debug` leaves out the query, the headers and the body: a failing test would print the secrets
/// in them.
#[derive(Clone)]
pub struct Step {
    /// The method.
    pub method: &'static str,
    /// The URL that was asked, with its query.
    pub url: Url,
    /// The status of the answer.
    pub status: u16,
    /// The version of HTTP of the answer.
    pub version: hyper::Version,
    /// The headers of the answer, names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body of the answer.
    pub body: Vec<u8>,
}

impl Step {
    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Where a redirect leads; none when it is no redirect.
    #[must_use]
    pub fn location(&self) -> Option<Url> {
        let redirects = (300..400).contains(&self.status);
        let location = self.header("location").filter(|_| redirects)?;
        self.url.join(location).ok()
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        let Self { method, url, status, .. } = self;
        write!(f, "{method} {host}{} -> {status}", url.path())
    }
}
