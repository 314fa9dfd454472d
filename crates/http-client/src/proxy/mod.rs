use std::fmt;

use url::{ParseError, Url};

use crate::base_url::host;
use crate::setup_error::{BadProxy, SetupError};

mod failure;
mod path;

pub use failure::ProxyFailure;

pub(crate) use path::{ProxyRoute, ProxyRoutes};

/// A proxy, and the hosts that bypass it.
#[derive(Clone)]
pub struct Proxy {
    named_by: &'static str,
    url: String,
    no_proxy: String,
}

/// Loopback bypasses the proxy, with or without `NO_PROXY`.
const LOOPBACK: &str = "localhost,localhost.,127.0.0.0/8,::1,::ffff:127.0.0.0/104";

/// The schemes of a proxy URL. The default is `http`.
const SCHEMES: [&str; 6] = ["http", "https", "socks5", "socks5h", "socks4", "socks4a"];

impl Proxy {
    /// The proxy that `named_by`, a flag or a variable, names: `url`, such as
    /// `http://user:password@proxy.test:3128` or `socks5h://127.0.0.1:1080`, except for the hosts
    /// of `no_proxy`: a comma-separated list of names, addresses and networks, or `*`.
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
    /// [`SetupError::Proxy`] if the proxy URL is invalid.
    pub fn host(&self) -> Result<String, SetupError> {
        Ok(host(&self.parsed()?).to_owned())
    }

    /// Whether every host bypasses it. The library would still ask it to resolve names.
    pub(crate) fn is_bypassed_by_all(&self) -> bool {
        self.no_proxy.split(',').any(|entry| entry.trim() == "*")
    }

    /// The proxy of the HTTP library, and the routes through it.
    pub(crate) fn build(&self) -> Result<(reqwest::Proxy, ProxyRoutes), SetupError> {
        let paths = ProxyRoutes::new(self.host()?, self.named_by, &self.url, &self.no_proxy);
        let proxy =
            reqwest::Proxy::all(&self.url).map_err(|_| self.setup_error(BadProxy::NotAUrl))?;
        Ok((proxy.no_proxy(reqwest::NoProxy::from_string(&self.no_proxy)), paths))
    }

    /// A password with an unencoded `/`, `?` or `#` would be parsed as a host or path, so a URL
    /// with a path or query is refused.
    fn parsed(&self) -> Result<Url, SetupError> {
        // The library's errors contain the URL, which may have a password.
        let url = Url::parse(&self.url).map_err(|error| match error {
            ParseError::IdnaError => self.setup_error(BadProxy::HostName),
            _ => self.setup_error(BadProxy::NotAUrl),
        })?;
        let scheme = url.scheme();
        let has_host = url.host_str().is_some_and(|host| !host.is_empty());
        let has_more = !matches!(url.path(), "" | "/") || url.query().or(url.fragment()).is_some();
        match SCHEMES.contains(&scheme) {
            true if has_host && !has_more => Ok(url),
            false if self.url.starts_with(&format!("{scheme}://")) => {
                Err(self.setup_error(BadProxy::Scheme(printable::excerpt(scheme, 20))))
            }
            _ => Err(self.setup_error(BadProxy::NotAUrl)),
        }
    }

    fn setup_error(&self, source: BadProxy) -> SetupError {
        SetupError::Proxy { named_by: self.named_by, source }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may have a password.
        f.debug_struct("Proxy")
            .field("named_by", &self.named_by)
            .field("no_proxy", &self.no_proxy)
            .finish_non_exhaustive()
    }
}
