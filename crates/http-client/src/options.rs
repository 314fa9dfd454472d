use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::cause::Cause;

/// The policy, as far as the person or the caller decides it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `User-Agent` of every request: a constant of the program, never of the person.
    pub user_agent: &'static str,
    /// A PEM file whose certificate authorities are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The proxy for everything that is not on this machine.
    pub proxy: Option<Proxy>,
    /// How long a connection may take to stand.
    pub connect_timeout: Duration,
    /// How long a whole request may take, up to the last byte of its answer.
    pub timeout: Duration,
}

impl Options {
    /// The policy of the program that calls itself `user_agent`: the system's authorities, no
    /// proxy, and deadlines that a slow network keeps.
    #[must_use]
    pub fn new(user_agent: &'static str) -> Self {
        Self {
            user_agent,
            ca_file: None,
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A proxy, and the hosts that are reached without it.
#[derive(Clone)]
pub struct Proxy {
    url: String,
    no_proxy: String,
}

/// Loopback is never behind a proxy, whatever the person's `NO_PROXY` says.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

impl Proxy {
    /// The proxy at `url`, such as `http://user:password@proxy.test:3128`, except for the hosts of
    /// `no_proxy`: a list with commas of names, addresses and networks, or `*`.
    #[must_use]
    pub fn new(url: impl Into<String>, no_proxy: Option<&str>) -> Self {
        let no_proxy = match no_proxy {
            Some(list) => format!("{LOOPBACK},{list}"),
            None => LOOPBACK.to_owned(),
        };
        Self { url: url.into(), no_proxy }
    }

    pub(crate) fn build(&self) -> Result<reqwest::Proxy, SetupError> {
        // The library's own error repeats the URL, which may hold a password.
        let proxy = reqwest::Proxy::all(&self.url).map_err(|_| SetupError::Proxy)?;
        Ok(proxy.no_proxy(reqwest::NoProxy::from_string(&self.no_proxy)))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        f.debug_struct("Proxy").field("no_proxy", &self.no_proxy).finish_non_exhaustive()
    }
}

/// Why no client can be made of the [`Options`]. All of it is known before a browser opens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The CA file cannot be read.
    #[error("cannot read the CA file {}", path.display())]
    CaFileUnreadable {
        /// The file of [`Options::ca_file`].
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The CA file has no certificate in it.
    #[error("the CA file {} has no PEM certificate in it", path.display())]
    CaFileEmpty {
        /// The file of [`Options::ca_file`].
        path: PathBuf,
    },
    /// A certificate of the CA file is none, or is damaged.
    #[error("the CA file {} has a certificate in it that cannot be read", path.display())]
    CaFileInvalid {
        /// The file of [`Options::ca_file`].
        path: PathBuf,
        /// What is wrong with it.
        source: Cause,
    },
    /// The proxy is not a URL that a proxy can have.
    #[error("the proxy is not a URL such as http://proxy.example.com:3128")]
    Proxy,
}
