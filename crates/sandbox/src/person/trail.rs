use std::fmt;

use url::Url;

use crate::record::header;

/// The requests of a browser, starting with the authorization URL.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// The requests and their responses, in order.
    pub steps: Vec<Step>,
}

impl Trail {
    /// The last page.
    #[must_use]
    pub fn last(&self) -> Option<&Step> {
        self.steps.last()
    }

    /// The request to the callback.
    #[must_use]
    pub fn callback(&self) -> Option<&Step> {
        self.at("/auth/callback")
    }

    /// The first request to this path.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.url.path() == path)
    }
}

/// One request of the browser, and its response.
///
/// `Debug` leaves out the query, the headers and the body: a failing test would print the secrets
/// in them.
#[derive(Clone)]
pub struct Step {
    /// The method.
    pub method: &'static str,
    /// The URL, with its query.
    pub url: Url,
    /// The status of the response.
    pub status: u16,
    /// The HTTP version of the response.
    pub version: hyper::Version,
    /// The headers of the response in order, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body of the response.
    pub body: Vec<u8>,
}

impl Step {
    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The target of a redirect, if it is one.
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
