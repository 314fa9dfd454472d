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
    /// Its name has no address.
    #[error("the proxy has no address")]
    Dns(#[source] RootCause),
    /// The server's name has no address here, and this kind of proxy is not asked for one.
    #[error("this machine cannot find its address, and did not ask the proxy")]
    UnresolvedHere(#[source] RootCause),
    /// No connection to the proxy itself.
    #[error("the proxy cannot be reached")]
    Unreachable(#[source] RootCause),
    /// The proxy did not answer in time.
    #[error("no connection within {} seconds", after.as_secs_f32())]
    TimedOut {
        /// The time that it had.
        after: Duration,
    },
    /// It wants a user name and a password, or others than these.
    #[error(
        "it {}",
        if *given { "does not accept this user name and password" } else { "wants a user name and a password" },
    )]
    AuthenticationRequired {
        /// Whether it was given any.
        given: bool,
    },
    /// It refuses to connect to this server, or cannot.
    #[error("it refuses the connection{}", reason.as_ref().map(|it| format!(" ({it})")).unwrap_or_default())]
    Refused {
        /// What the reply of a SOCKS proxy means
        /// ([RFC 1928 §6](https://www.rfc-editor.org/rfc/rfc1928#section-6)).
        reason: Option<String>,
    },
    /// TLS failed with an HTTPS proxy, or with the server behind it.
    #[error("no secure connection to the proxy, or to the server behind it")]
    Tls(#[source] Box<TlsFailure>),
    /// It does not speak the protocol of a proxy, or closed the connection.
    #[error("it did not make the connection")]
    Broken(#[source] RootCause),
}

/// The library exports its proxies and not their errors, so they are named by the trait.
type TunnelError = <Tunnel<HttpConnector> as Service<Uri>>::Error;
type SocksError = <SocksV5<HttpConnector> as Service<Uri>>::Error;

impl ProxyFailure {
    /// Sorts an error of the library; `given` says whether the proxy was given a password.
    pub(crate) fn from_cause(source: RootCause, given: bool) -> Self {
        match (source.find(), source.find()) {
            (Some(TunnelError::ProxyAuthRequired), _) => Self::AuthenticationRequired { given },
            (Some(TunnelError::TunnelUnsuccessful), _) => Self::Refused { reason: None },
            // The variants of a reply have no name outside the library.
            (_, Some(SocksError::V5(reply))) => match format!("{reply:?}").starts_with("Auth(") {
                true => Self::AuthenticationRequired { given },
                false => Self::Refused { reason: Some(reply.to_string()) },
            },
            _ => Self::Broken(source),
        }
    }

    /// Whether the same request may well succeed in a while. A password that was refused once must not
    /// be sent again: that may lock an account.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Dns(_) | Self::Unreachable(_) | Self::TimedOut { .. } => true,
            Self::Refused { .. } | Self::Broken(_) => true,
            Self::UnresolvedHere(_) | Self::Tls(_) | Self::AuthenticationRequired { .. } => false,
        }
    }
}
