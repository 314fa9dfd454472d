use std::error::Error as StdError;
use std::io;
use std::time::Duration;

/// Why there is no answer. Each variant is another thing to do for the person.
///
/// The URL is in none of them, since it could hold a secret: the host says which server it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name has no address: the network is down, or the name is wrong.
    #[error("cannot find the address of {host}")]
    Dns {
        /// The host that was asked for.
        host: String,
        /// What the resolver said.
        source: Cause,
    },
    /// No connection: refused, unreachable, or nobody answered in time.
    #[error("cannot connect to {host}")]
    Connect {
        /// The host that was asked for.
        host: String,
        /// What the system said.
        source: Cause,
    },
    /// The connection stands but cannot be trusted, or speaks no TLS that this client speaks.
    #[error("no secure connection to {host}")]
    Tls {
        /// The host that was asked for.
        host: String,
        /// What is wrong with it.
        failure: TlsFailure,
        /// What the TLS library said.
        source: Cause,
    },
    /// The whole request took too long; whether the server acted on it is unknown.
    #[error("{host} did not answer within {} seconds", after.as_secs_f32())]
    Timeout {
        /// The host that was asked.
        host: String,
        /// The time that it had.
        after: Duration,
    },
    /// The connection ended in the middle; whether the server acted on the request is unknown.
    #[error("the connection to {host} ended before the answer was complete")]
    CutOff {
        /// The host that was asked.
        host: String,
        /// What the HTTP library said.
        source: Cause,
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
    /// The request or the client could not be made at all.
    #[error("cannot make a request for {host}")]
    Unsendable {
        /// The host that was to be asked.
        host: String,
        /// What the HTTP library said.
        source: Cause,
    },
}

/// What is wrong with a server's TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// Signed by nobody whom this machine trusts.
    UnknownAuthority,
    /// Made for another name.
    WrongName,
    /// Over already, or this machine's clock is ahead.
    Expired,
    /// Not valid yet, or this machine's clock is behind.
    NotYetValid,
    /// Anything else about the certificate.
    Certificate,
    /// No common version or cipher, or no TLS at all.
    Protocol,
}

/// The error underneath, kept for its words.
pub type Cause = Box<dyn StdError + Send + Sync>;

impl Error {
    /// Whether it is certain that the server never saw the request, so that even one that must not
    /// be sent twice may be sent again.
    #[must_use]
    pub fn provably_not_sent(&self) -> bool {
        matches!(
            self,
            Self::Dns { .. } | Self::Connect { .. } | Self::Tls { .. } | Self::Unsendable { .. }
        )
    }

    /// Whether the same request may well succeed in a while. A wrong certificate, a redirect or an
    /// answer that is too large stays what it is.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Dns { .. } | Self::Connect { .. } | Self::Timeout { .. } | Self::CutOff { .. }
        )
    }

    /// The host that was asked, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::Dns { host, .. }
            | Self::Connect { host, .. }
            | Self::Tls { host, .. }
            | Self::Timeout { host, .. }
            | Self::CutOff { host, .. }
            | Self::Redirect { host, .. }
            | Self::TooLarge { host, .. }
            | Self::Unsendable { host, .. } => host,
        }
    }

    /// Sorts an error of the library by what is underneath, not by its text.
    pub(crate) fn of(host: &str, error: reqwest::Error) -> Self {
        let host = host.to_owned();
        let error = error.without_url();
        if error.is_builder() {
            return Self::Unsendable { host, source: error.into() };
        }
        if let Some(failure) = tls_failure(&error) {
            return Self::Tls { host, failure, source: innermost(error) };
        }
        if error.is_dns() {
            return Self::Dns { host, source: innermost(error) };
        }
        if error.is_connect() {
            return Self::Connect { host, source: innermost(error) };
        }
        Self::CutOff { host, source: innermost(error) }
    }
}

/// The chain from `error` down, itself first. An I/O error that wraps another hides it from
/// `source`, so it is opened here.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

fn tls_failure(error: &(dyn StdError + 'static)) -> Option<TlsFailure> {
    chain(error).find_map(|error| error.downcast_ref::<rustls::Error>()).map(TlsFailure::of)
}

impl TlsFailure {
    fn of(error: &rustls::Error) -> Self {
        use rustls::CertificateError as Bad;
        let rustls::Error::InvalidCertificate(bad) = error else {
            return Self::Protocol;
        };
        match bad {
            // A signature that does not fit is that of an authority with the name of a trusted one.
            Bad::UnknownIssuer | Bad::BadSignature => Self::UnknownAuthority,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Self::WrongName,
            Bad::Expired | Bad::ExpiredContext { .. } => Self::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::NotYetValid,
            _ => Self::Certificate,
        }
    }
}

/// The words at the bottom of the chain are the ones that say something: "connection refused"
/// rather than "client error (Connect)".
fn innermost(error: reqwest::Error) -> Cause {
    let words = chain(&error).last().map(ToString::to_string);
    match words {
        Some(words) => words.into(),
        None => error.into(),
    }
}
