use std::time::Duration;

use crate::cause::Cause;

/// Why there is no answer. Each variant is another thing to do for the person.
///
/// The URL is in none of them, since it could hold a secret: the host says which server it was,
/// together with the port unless that is the scheme's own.
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
    /// The handshake failed: the server cannot be trusted, or speaks no TLS that this client speaks.
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

    /// The host that was asked, and its port unless that is the scheme's own, for messages.
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
    ///
    /// Only what fails while connecting sent nothing. TLS fails on a connection that stands, too,
    /// and then the server may have read the request.
    pub(crate) fn of(host: &str, error: reqwest::Error) -> Self {
        let host = host.to_owned();
        let (is_builder, is_connect, is_dns) =
            (error.is_builder(), error.is_connect(), error.is_dns());
        let source = Cause::new(error.without_url());
        if is_builder {
            return Self::Unsendable { host, source };
        }
        if !is_connect {
            return Self::CutOff { host, source };
        }
        match source.find().map(TlsFailure::of) {
            Some(failure) => Self::Tls { host, failure, source },
            None if is_dns => Self::Dns { host, source },
            None => Self::Connect { host, source },
        }
    }
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
