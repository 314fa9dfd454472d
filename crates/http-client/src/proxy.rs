use std::fmt;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

use crate::base_url::host;
use crate::cause::Cause;
use crate::options::SetupError;

/// A proxy, and the hosts that are reached without it.
#[derive(Clone)]
pub struct Proxy {
    named_by: &'static str,
    url: String,
    no_proxy: String,
}

/// Loopback is never behind a proxy, whatever the person's `NO_PROXY` says.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// What a proxy's URL may begin with; a text without any is taken for `http`.
const SCHEMES: [&str; 6] = ["http", "https", "socks5", "socks5h", "socks4", "socks4a"];

impl Proxy {
    /// The proxy that `named_by`, a flag or a variable, names: `url`, such as
    /// `http://user:password@proxy.test:3128` or `socks5h://127.0.0.1:1080`, except for the hosts of
    /// `no_proxy`: a list with commas of names, addresses and networks, or `*`.
    #[must_use]
    pub fn new(named_by: &'static str, url: &str, no_proxy: Option<&str>) -> Self {
        let url = url.trim();
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let no_proxy = match no_proxy {
            Some(list) => format!("{LOOPBACK},{list}"),
            None => LOOPBACK.to_owned(),
        };
        Self { named_by, url, no_proxy }
    }

    /// The flag or the variable that names it.
    #[must_use]
    pub fn named_by(&self) -> &'static str {
        self.named_by
    }

    /// Its host and port, for messages.
    ///
    /// # Errors
    ///
    /// [`SetupError::Proxy`] when it is not a URL that a proxy can have.
    pub fn host(&self) -> Result<String, SetupError> {
        Ok(host(&self.parsed()?).to_owned())
    }

    /// The proxy as the HTTP library has it, and as [`Path`]s are made of it.
    pub(crate) fn build(&self) -> Result<(reqwest::Proxy, Paths), SetupError> {
        let host = self.host()?;
        let not_a_url = |_| self.bad(BadProxy::NotAUrl);
        let proxy = reqwest::Proxy::all(&self.url).map_err(not_a_url)?;
        let proxy = proxy.no_proxy(reqwest::NoProxy::from_string(&self.no_proxy));
        let matcher = Matcher::builder().all(self.url.clone()).no(self.no_proxy.clone()).build();
        Ok((proxy, Paths { host, named_by: self.named_by, matcher }))
    }

    fn parsed(&self) -> Result<Url, SetupError> {
        // The library's own errors repeat the URL, which may hold a password.
        let url = Url::parse(&self.url).map_err(|_| self.bad(BadProxy::NotAUrl))?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(self.bad(BadProxy::Scheme(printable::excerpt(url.scheme(), 20))));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(self.bad(BadProxy::NotAUrl));
        }
        Ok(url)
    }

    fn bad(&self, source: BadProxy) -> SetupError {
        SetupError::Proxy { named_by: self.named_by, source }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        f.debug_struct("Proxy")
            .field("named_by", &self.named_by)
            .field("no_proxy", &self.no_proxy)
            .finish_non_exhaustive()
    }
}

/// Why a text cannot be a proxy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadProxy {
    /// Not a URL at all, or one without a host.
    #[error("it is not a URL such as http://proxy.example.com:3128")]
    NotAUrl,
    /// A scheme that is none of a proxy.
    #[error("it begins with {0}://, where http://, https://, socks5:// or socks5h:// is expected")]
    Scheme(String),
}

/// Which requests go through the proxy.
#[derive(Debug)]
pub(crate) struct Paths {
    host: String,
    named_by: &'static str,
    matcher: Matcher,
}

impl Paths {
    /// The proxy that a request to `url` goes through, if it does.
    pub(crate) fn to(&self, url: &Url) -> Option<Via> {
        let target: Uri = url.as_str().parse().ok()?;
        let intercept = self.matcher.intercept(&target)?;
        Some(Via { host: self.host.clone(), named_by: self.named_by, intercept })
    }
}

/// The proxy of one request.
#[derive(Debug)]
pub(crate) struct Via {
    pub(crate) host: String,
    pub(crate) named_by: &'static str,
    intercept: Intercept,
}

impl Via {
    /// Where a tunnel can be asked for in plain HTTP
    /// ([RFC 9110 §9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)).
    pub(crate) fn plain_http(&self) -> Option<(&Uri, Option<&HeaderValue>)> {
        let uri = self.intercept.uri();
        (uri.scheme_str() == Some("http")).then(|| (uri, self.intercept.basic_auth()))
    }

    /// The name and the port to connect to.
    pub(crate) fn address(&self) -> Option<(&str, u16)> {
        let uri = self.intercept.uri();
        let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => 1080,
        });
        Some((uri.host()?.trim_matches(['[', ']']), port))
    }
}

/// Why a proxy was no way to a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyFailure {
    /// Its name has no address.
    #[error("the proxy has no address")]
    Dns(#[source] Cause),
    /// No connection to the proxy itself.
    #[error("the proxy cannot be reached")]
    Unreachable(#[source] Cause),
    /// It asks who is there, and was told nothing, or something wrong.
    #[error("it wants a user name and a password (HTTP 407)")]
    AuthenticationRequired,
    /// It does not let this server be reached, or cannot reach it either.
    #[error("it refuses (HTTP {status})")]
    Refused {
        /// What it answered to `CONNECT`.
        status: u16,
    },
    /// It spoke in another way than a proxy should.
    #[error("it did not make the connection")]
    Broken(#[source] Cause),
}

impl ProxyFailure {
    /// Whether the same request may well succeed in a while.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Dns(_) | Self::Unreachable(_) | Self::Broken(_) => true,
            Self::Refused { status } => *status >= 500,
            Self::AuthenticationRequired => false,
        }
    }
}
