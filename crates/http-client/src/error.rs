use std::time::Duration;

use crate::proxy::ProxyFailure;
use crate::root_cause::RootCause;
use crate::setup_error::SetupError;
use crate::tls_failure::TlsFailure;

/// Why there is no answer. Each variant is another thing to do for the person.
///
/// The URL is in none of them, since it could hold a secret: the host says which server it was,
/// together with the port unless that is the scheme's own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the person chose, a file of authorities or a proxy, cannot be used.
    #[error("cannot ask {host}")]
    Setup {
        /// The host that was to be asked.
        host: String,
        /// Which choice, and what is wrong with it.
        source: Box<SetupError>,
    },
    /// The name has no address: the network is down, or the name is wrong.
    #[error("cannot find the address of {host}")]
    Dns {
        /// The host that was asked for.
        host: String,
        /// What the resolver said.
        source: RootCause,
    },
    /// No connection: refused, or unreachable.
    #[error("cannot connect to {host}")]
    Connect {
        /// The host that was asked for.
        host: String,
        /// What the system said.
        source: RootCause,
    },
    /// The proxy was no way to the server.
    #[error("cannot connect to {host} through the proxy {proxy}")]
    Proxy {
        /// The host that was asked for.
        host: String,
        /// The proxy's host and port.
        proxy: String,
        /// The flag or the variable that names it.
        named_by: &'static str,
        /// What went wrong there.
        source: ProxyFailure,
    },
    /// The handshake failed: the server cannot be trusted, or speaks no TLS that this client speaks.
    #[error("no secure connection to {host}")]
    Tls {
        /// The host that was asked for.
        host: String,
        /// What is wrong with it.
        source: TlsFailure,
    },
    /// Something took too long; which says whether the server may have acted on the request.
    #[error("{}", phase.overdue(host, *after))]
    Timeout {
        /// The host that was asked.
        host: String,
        /// Which phase timed out.
        phase: Phase,
        /// The time that it had.
        after: Duration,
    },
    /// The connection ended in the middle; whether the server acted on the request is unknown.
    #[error("the connection to {host} ended before the answer was complete")]
    CutOff {
        /// The host that was asked.
        host: String,
        /// What the HTTP library said.
        source: RootCause,
    },
    /// A redirect, which is not followed.
    #[error("unexpected redirect from {host} (HTTP {status})")]
    Redirect {
        /// The host that was asked.
        host: String,
        /// The status of the redirect.
        status: u16,
    },
    /// The answer is larger than any honest one.
    #[error("the answer of {host} is larger than {limit} bytes")]
    TooLarge {
        /// The host that was asked.
        host: String,
        /// The cap, in bytes.
        limit: usize,
    },
    /// The URL is one of plain http and of another machine: whatever the request holds would travel
    /// unencrypted.
    #[error("plain http is accepted for this machine only, and not for {host}")]
    PlainHttp {
        /// The host that was to be asked.
        host: String,
    },
    /// The request or the client could not be made at all.
    #[error("cannot make a request for {host}")]
    InvalidRequest {
        /// The host that was to be asked.
        host: String,
        /// What the HTTP library said.
        source: RootCause,
    },
}

/// What kind of [`Error`] it is: its variants without their fields.
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
    /// [`Error::PlainHttp`] and [`Error::InvalidRequest`]: nothing was sent.
    InvalidRequest,
}

/// What a request was doing when its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Asking for the address of a name.
    Resolving,
    /// Connecting, and shaking hands.
    Connecting,
    /// Waiting for the answer to begin; the server may have acted on the request.
    Response,
    /// Waiting for the rest of an answer that went silent.
    Rest,
    /// Reading an answer that went on, and did not end.
    Body,
}

impl Phase {
    fn overdue(self, host: &str, after: Duration) -> String {
        let seconds = after.as_secs_f32();
        match self {
            Self::Resolving => {
                format!("no resolver gave the address of {host} within {seconds} seconds")
            }
            Self::Connecting => {
                format!("{host} did not complete a connection within {seconds} seconds")
            }
            Self::Response => format!("{host} did not answer within {seconds} seconds"),
            Self::Rest => {
                format!("{host} stopped in the middle of its answer for {seconds} seconds")
            }
            Self::Body => format!("{host} did not end its answer within {seconds} seconds"),
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

    /// Whether it is certain that the server never saw the request, so that even one that must not
    /// be sent twice may be sent again.
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

    /// Whether the same request may well succeed in a while. A wrong certificate, a redirect or an
    /// answer that is too large stays what it is.
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
        let overdue = |it: &ProxyFailure| matches!(it, ProxyFailure::TimedOut { .. });
        match self {
            Self::Timeout { .. } => true,
            Self::Proxy { source, .. } => overdue(source),
            _ => false,
        }
    }

    /// Whether a proxy did not accept the user name and password. To send them again may lock an
    /// account.
    #[must_use]
    pub fn is_proxy_authentication_error(&self) -> bool {
        matches!(self, Self::Proxy { source: ProxyFailure::AuthenticationRequired { .. }, .. })
    }

    /// The host that was asked, and its port unless that is the scheme's own, for messages.
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
