use std::time::Duration;

use crate::root_cause::RootCause;
use crate::tls_failure::TlsFailure;

/// Why a proxy was no way to a server.
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
    /// Nothing came of it in time.
    #[error("no connection within {} seconds", after.as_secs_f32())]
    TimedOut {
        /// The time that it had.
        after: Duration,
    },
    /// It asks who is there, and was told nothing, or something wrong.
    #[error(
        "it {}{}",
        if *given { "does not accept this user name and password" } else { "wants a user name and a password" },
        status.map(|status| format!(" (HTTP {status})")).unwrap_or_default()
    )]
    AuthenticationRequired {
        /// What it answered to `CONNECT`; none with SOCKS.
        status: Option<u16>,
        /// Whether it was told anything.
        given: bool,
    },
    /// It does not let this server be reached, or cannot reach it either.
    #[error("it refuses (HTTP {status})")]
    Refused {
        /// What it answered to `CONNECT`.
        status: u16,
    },
    /// The same with SOCKS ([RFC 1928 §6](https://www.rfc-editor.org/rfc/rfc1928#section-6)).
    #[error("it refuses (SOCKS reply {reply})")]
    SocksRefused {
        /// What it answered.
        reply: u8,
    },
    /// A proxy that is spoken to by TLS, or the server behind it; nobody says which of the two.
    #[error("no secure connection to the proxy, or to the server behind it")]
    Tls(#[source] Box<TlsFailure>),
    /// It spoke in another way than a proxy should.
    #[error("it did not make the connection")]
    Broken(#[source] RootCause),
}

impl ProxyFailure {
    /// Whether the same request may well succeed in a while.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Dns(_) | Self::Unreachable(_) | Self::TimedOut { .. } | Self::Broken(_) => true,
            Self::Refused { status } => *status >= 500,
            // 1 is a general failure; 3 to 6 have to do with the way to the server.
            Self::SocksRefused { reply } => *reply != 2,
            Self::UnresolvedHere(_) | Self::AuthenticationRequired { .. } | Self::Tls(_) => false,
        }
    }
}
