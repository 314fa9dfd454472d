use std::time::Duration;

use crate::proxy::ProxyFailure;
use crate::root_cause::RootCause;
use crate::setup_error::SetupError;
use crate::tls_failure::TlsFailure;

/// Why there is no response. Each variant has a different remedy.
///
/// No variant contains the URL, since it could contain a secret. The host identifies the server,
/// with a port that is not the default.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option of the user, a CA file or a proxy, is invalid.
    #[error("cannot send a request to {host}")]
    Setup {
        /// The host of the request.
        host: String,
        /// The option, and the reason.
        source: Box<SetupError>,
    },
    /// DNS failed: the network is down, or the name is wrong.
    #[error("cannot find the address of {host}")]
    Dns {
        /// The host of the request.
        host: String,
        /// The error of the resolver.
        source: RootCause,
    },
    /// No connection: refused, or unreachable.
    #[error("cannot connect to {host}")]
    Connect {
        /// The host of the request.
        host: String,
        /// The error of the system.
        source: RootCause,
    },
    /// The connection through the proxy failed.
    #[error("cannot connect to {host} through the proxy {proxy}")]
    Proxy {
        /// The host of the request.
        host: String,
        /// The proxy's host and port.
        proxy: String,
        /// The flag or the variable that names it.
        named_by: &'static str,
        /// The error of the proxy.
        source: ProxyFailure,
    },
    /// The TLS handshake failed: the server is not trusted, or has no TLS version in common.
    #[error("no secure connection to {host}")]
    Tls {
        /// The host of the request.
        host: String,
        /// The reason.
        source: TlsFailure,
    },
    /// A timeout. The phase tells whether the server may have processed the request.
    #[error("{}", phase.timeout_message(host, *after))]
    Timeout {
        /// The host of the request.
        host: String,
        /// Which phase timed out.
        phase: Phase,
        /// The timeout.
        after: Duration,
    },
    /// The connection ended early. The server may have processed the request.
    #[error("the connection to {host} ended before the response was complete")]
    CutOff {
        /// The host of the request.
        host: String,
        /// The error of the HTTP library.
        source: RootCause,
    },
    /// A redirect, which is not followed.
    #[error("unexpected redirect from {host} (HTTP {status})")]
    Redirect {
        /// The host of the request.
        host: String,
        /// The status of the redirect.
        status: u16,
    },
    /// The response exceeds the size limit.
    #[error("the response of {host} is larger than {limit} bytes")]
    TooLarge {
        /// The host of the request.
        host: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Plain http to another machine: the request would be sent unencrypted.
    #[error("plain http is accepted for this machine only, and not for {host}")]
    PlainHttp {
        /// The host of the request.
        host: String,
    },
    /// The request or the client could not be built.
    #[error("cannot make a request for {host}")]
    InvalidRequest {
        /// The host of the request.
        host: String,
        /// The error of the HTTP library.
        source: RootCause,
    },
}

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// [`Error::Setup`].
    Setup,
    /// [`Error::Dns`].
    Dns,
    /// [`Error::Connect`].
    Connect,
    /// [`Error::Proxy`].
    Proxy,
    /// [`Error::Tls`].
    Tls,
    /// [`Error::Timeout`].
    Timeout,
    /// [`Error::CutOff`].
    CutOff,
    /// [`Error::Redirect`].
    Redirect,
    /// [`Error::TooLarge`].
    TooLarge,
    /// [`Error::PlainHttp`] and [`Error::InvalidRequest`]: the request was not sent.
    InvalidRequest,
}

/// The phase of a request in which it timed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Resolving the name.
    Resolving,
    /// Connecting, including the TLS handshake.
    Connecting,
    /// Waiting for the response. The server may have processed the request.
    Response,
    /// Waiting for the rest of a response that stopped.
    Rest,
    /// Reading a response that did not end in time.
    Body,
}

impl Phase {
    fn timeout_message(self, host: &str, after: Duration) -> String {
        let seconds = after.as_secs_f32();
        match self {
            Self::Resolving => {
                format!("no DNS server returned an address for {host} within {seconds} seconds")
            }
            Self::Connecting => {
                format!("{host} did not complete a connection within {seconds} seconds")
            }
            Self::Response => format!("{host} did not respond within {seconds} seconds"),
            Self::Rest => {
                format!("{host} sent nothing for {seconds} seconds in the middle of its response")
            }
            Self::Body => format!("{host} did not finish its response within {seconds} seconds"),
        }
    }
}

impl Error {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setup { .. } => ErrorKind::Setup,
            Self::Dns { .. } => ErrorKind::Dns,
            Self::Connect { .. } => ErrorKind::Connect,
            Self::Proxy { .. } => ErrorKind::Proxy,
            Self::Tls { .. } => ErrorKind::Tls,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::CutOff { .. } => ErrorKind::CutOff,
            Self::Redirect { .. } => ErrorKind::Redirect,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::PlainHttp { .. } | Self::InvalidRequest { .. } => ErrorKind::InvalidRequest,
        }
    }

    /// Whether the server certainly did not receive the request, so that a single-use request can
    /// be retried.
    #[must_use]
    pub fn provably_not_sent(&self) -> bool {
        matches!(
            self,
            Self::Setup { .. }
                | Self::Dns { .. }
                | Self::Connect { .. }
                | Self::Proxy { .. }
                | Self::Tls { .. }
                | Self::Timeout { phase: Phase::Resolving | Phase::Connecting, .. }
                | Self::PlainHttp { .. }
                | Self::InvalidRequest { .. }
        )
    }

    /// Whether a retry may succeed later. A wrong certificate, a redirect or a response that is too
    /// large is permanent.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Proxy { source, .. } => source.is_transient(),
            Self::Tls { source, .. } => matches!(source, TlsFailure::CutOff(_)),
            Self::Dns { .. } | Self::Connect { .. } => true,
            Self::Timeout { .. } | Self::CutOff { .. } => true,
            _ => false,
        }
    }

    /// Whether it is a timeout.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        let is_timeout = |it: &ProxyFailure| matches!(it, ProxyFailure::TimedOut { .. });
        match self {
            Self::Timeout { .. } => true,
            Self::Proxy { source, .. } => is_timeout(source),
            _ => false,
        }
    }

    /// Whether a proxy rejected the user name and password, or closed the connection after it got them.
    /// Sending them again may lock an account.
    #[must_use]
    pub fn is_proxy_authentication_error(&self) -> bool {
        matches!(self, Self::Proxy { source, .. } if source.may_be_wrong_password())
    }

    /// The host of the request, with a port that is not the default, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::Setup { host, .. }
            | Self::Dns { host, .. }
            | Self::Connect { host, .. }
            | Self::Proxy { host, .. }
            | Self::Tls { host, .. }
            | Self::Timeout { host, .. }
            | Self::CutOff { host, .. }
            | Self::Redirect { host, .. }
            | Self::TooLarge { host, .. }
            | Self::PlainHttp { host }
            | Self::InvalidRequest { host, .. } => host,
        }
    }
}
