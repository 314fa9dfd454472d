use std::io;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::cause::Cause;
use crate::options::SetupError;
use crate::proxy::{ProxyFailure, Via};
use crate::resolver::Unresolved;
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
        source: Cause,
    },
    /// No connection: refused, or unreachable.
    #[error("cannot connect to {host}")]
    Connect {
        /// The host that was asked for.
        host: String,
        /// What the system said.
        source: Cause,
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
        /// What was waited for.
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

/// What a request was doing when its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Asking for the address of a name.
    Resolving,
    /// Connecting, and shaking hands.
    Connecting,
    /// Waiting for the answer to begin; the server may have acted on the request.
    Answer,
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
            Self::Answer => format!("{host} did not answer within {seconds} seconds"),
            Self::Rest => {
                format!("{host} stopped in the middle of its answer for {seconds} seconds")
            }
            Self::Body => format!("{host} did not end its answer within {seconds} seconds"),
        }
    }
}

impl Error {
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
                | Self::Unsendable { .. }
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
            | Self::Unsendable { host, .. } => host,
        }
    }
}

/// One request, as far as its errors need it: on its way since `begun`.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) host: String,
    pub(crate) via: Option<Via>,
    pub(crate) begun: Instant,
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) timeout: Duration,
}

impl Attempt {
    /// The beginning of an answer. The deadline is that of the whole request.
    pub(crate) async fn head<T>(&self, answer: impl Future<Output = T>) -> Result<T, Error> {
        let answer = timeout_at(self.begun + self.timeout, answer).await;
        answer.map_err(|_| self.overdue(Phase::Answer, self.timeout))
    }

    /// The next piece of an answer, which may neither pause for long nor go on for ever.
    pub(crate) async fn piece<T>(&self, piece: impl Future<Output = T>) -> Result<T, Error> {
        let (end, silence) = (self.begun + self.timeout, Instant::now() + self.idle_timeout);
        let piece = timeout_at(end.min(silence), piece).await;
        piece.map_err(|_| match silence < end {
            true => self.overdue(Phase::Rest, self.idle_timeout),
            false => self.overdue(Phase::Body, self.timeout),
        })
    }

    /// Sorts an error of the library by what is underneath, not by its text.
    ///
    /// Only what fails while connecting sent nothing. TLS fails on a connection that stands, too,
    /// and then the server may have read the request.
    pub(crate) fn failed(&self, error: reqwest::Error) -> Error {
        let (is_connect, is_timeout) = (error.is_connect(), error.is_timeout());
        let is_builder = error.is_builder();
        let source = Cause::new(error.without_url());
        match (is_builder, is_connect) {
            (true, _) => self.unsendable(source),
            (_, true) => self.unconnected(source, is_timeout),
            _ => Error::CutOff { host: self.host(), source: in_plain_words(source) },
        }
    }

    fn unsendable(&self, source: Cause) -> Error {
        let host = self.host();
        // The library found no authority, before it looked at any certificate.
        match source.find::<rustls::Error>() {
            Some(rustls::Error::General(_)) => {
                Error::Setup { host, source: SetupError::NoAuthorities.into() }
            }
            _ => Error::Unsendable { host, source },
        }
    }

    fn unconnected(&self, source: Cause, is_timeout: bool) -> Error {
        if let Some(unresolved) = source.find::<Unresolved>() {
            return match unresolved {
                Unresolved::TimedOut { after } => self.overdue(Phase::Resolving, *after),
                Unresolved::Refused(_) => self.without_address(source),
            };
        }
        // The system's own deadline for a connection is an answer of the system.
        let system = source.find_last::<io::Error>().and_then(io::Error::raw_os_error);
        match source.find().map(TlsFailure::of) {
            Some(source) => Error::Tls { host: self.host(), source },
            None if is_timeout && system.is_none() => {
                self.overdue(Phase::Connecting, self.connect_timeout)
            }
            None => self.no_way(source),
        }
    }

    fn overdue(&self, phase: Phase, after: Duration) -> Error {
        Error::Timeout { host: self.host(), phase, after }
    }

    /// The name that was looked up is the proxy's, where there is one.
    pub(crate) fn without_address(&self, source: Cause) -> Error {
        match &self.via {
            Some(via) => self.proxy(via, ProxyFailure::Dns(source)),
            None => Error::Dns { host: self.host(), source },
        }
    }

    fn no_way(&self, source: Cause) -> Error {
        let kind = source.find_last::<io::Error>().map(io::Error::kind);
        let ended = kind.is_some_and(is_end);
        match &self.via {
            Some(via) if kind.is_some() && !ended => {
                self.proxy(via, ProxyFailure::Unreachable(source))
            }
            Some(via) => self.proxy(via, ProxyFailure::Broken(source)),
            None if ended => Error::Tls { host: self.host(), source: TlsFailure::CutOff(source) },
            None => Error::Connect { host: self.host(), source },
        }
    }

    pub(crate) fn proxy(&self, via: &Via, source: ProxyFailure) -> Error {
        let (host, proxy, named_by) = (self.host(), via.host.clone(), via.named_by);
        Error::Proxy { host, proxy, named_by, source }
    }

    fn host(&self) -> String {
        self.host.clone()
    }
}

/// The library explains an end at length, to programmers.
fn in_plain_words(source: Cause) -> Cause {
    let kind = source.find_last::<io::Error>().map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::UnexpectedEof) => Cause::new("it was closed too early"),
        _ => source,
    }
}

/// The end of a connection that stood, while the handshake was under way.
fn is_end(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        kind,
        Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe
    )
}
