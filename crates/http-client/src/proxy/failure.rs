use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use tower_service::Service;

use crate::root_cause::RootCause;
use crate::tls_failure::TlsFailure;

/// Why a proxy did not connect to a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyFailure {
    /// DNS failed for the proxy.
    #[error("the proxy has no address")]
    Dns(#[source] RootCause),
    /// Local DNS failed for the server, and this kind of proxy does not resolve names.
    #[error("this machine cannot find its address, and did not ask the proxy")]
    UnresolvedHere(#[source] RootCause),
    /// The proxy cannot be reached.
    #[error("the proxy cannot be reached")]
    Unreachable(#[source] RootCause),
    /// The proxy did not respond in time.
    #[error("no connection within {} seconds", after.as_secs_f32())]
    TimedOut {
        /// The timeout.
        after: Duration,
    },
    /// It requires a user name and password, or rejects these.
    #[error(
        "it {}",
        if *given { "does not accept this user name and password" } else { "wants a user name and a password" },
    )]
    AuthenticationRequired {
        /// Whether any were sent.
        given: bool,
    },
    /// It does not connect to this server.
    #[error("it refuses the connection{}", reason.as_ref().map(|it| format!(" ({it})")).unwrap_or_default())]
    Refused {
        /// The meaning of a SOCKS reply
        /// ([RFC 1928 §6](https://www.rfc-editor.org/rfc/rfc1928#section-6)).
        reason: Option<Box<str>>,
    },
    /// TLS failed with an HTTPS proxy, or with the server behind it.
    #[error("no secure connection to the proxy, or to the server behind it")]
    Tls(#[source] Box<TlsFailure>),
    /// It does not use the proxy protocol, or closed the connection.
    #[error("it did not make the connection")]
    Broken {
        /// Whether a user name and password were sent. It may have closed the connection because it rejects them.
        given: bool,
        /// The error of the connection.
        source: RootCause,
    },
}

/// The library does not export its proxy errors, so they are reached through the trait.
type TunnelError = <Tunnel<HttpConnector> as Service<Uri>>::Error;
type SocksError = <SocksV5<HttpConnector> as Service<Uri>>::Error;

impl ProxyFailure {
    /// Classifies an error of the library. `given` tells whether a password was sent.
    pub(crate) fn from_cause(source: RootCause, given: bool) -> Self {
        match (source.find(), source.find()) {
            (Some(TunnelError::ProxyAuthRequired), _) => Self::AuthenticationRequired { given },
            (Some(TunnelError::TunnelUnsuccessful), _) => Self::Refused { reason: None },
            // The variants of a reply are private to the library.
            (_, Some(SocksError::V5(reply))) => match format!("{reply:?}").starts_with("Auth(") {
                true => Self::AuthenticationRequired { given },
                false => Self::Refused { reason: Some(reply.to_string().into()) },
            },
            _ => Self::Broken { given, source },
        }
    }

    /// Whether it rejected the user name and password, or may have.
    pub(crate) fn may_be_wrong_password(&self) -> bool {
        matches!(self, Self::AuthenticationRequired { .. } | Self::Broken { given: true, .. })
    }

    /// Whether the same request may succeed later. A refusal is a decision of the proxy.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Dns(_) | Self::Unreachable(_) | Self::TimedOut { .. } => true,
            Self::Broken { .. } => true,
            Self::Refused { .. } | Self::AuthenticationRequired { .. } => false,
            Self::UnresolvedHere(_) | Self::Tls(_) => false,
        }
    }
}
