use std::io;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::{Error, Phase};
use crate::proxy::{ProxyFailure, ProxyRoute};
use crate::resolver::Unresolved;
use crate::root_cause::RootCause;
use crate::tls_failure::TlsFailure;
use crate::transport::TransportError;
use crate::uptime::uptime;

/// The context of a request for its errors. The request started at `begun`, when the `uptime` was this.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) host: String,
    /// Whether it needs CA certificates, for the server or the proxy.
    pub(crate) uses_tls: bool,
    pub(crate) via: Option<ProxyRoute>,
    pub(crate) begun: Instant,
    pub(crate) uptime: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) timeout: Duration,
}

impl Attempt {
    /// Before the request is sent, maybe on an open connection: the process may have been stopped, or the machine
    /// suspended, since it began. Its caller may have to send it within a time.
    pub(crate) fn check_not_late(&self) -> Result<(), Error> {
        match uptime().saturating_sub(self.uptime) > self.connect_timeout {
            true => Err(self.timed_out(Phase::Connecting, self.connect_timeout)),
            false => Ok(()),
        }
    }

    /// The head of a response, within the total timeout.
    pub(crate) async fn head<T>(&self, response: impl Future<Output = T>) -> Result<T, Error> {
        let response = timeout_at(self.begun + self.timeout, response).await;
        response.map_err(|_| self.timed_out(Phase::Response, self.timeout))
    }

    /// The next chunk of a response, within the idle timeout and the total timeout.
    pub(crate) async fn chunk<T>(&self, chunk: impl Future<Output = T>) -> Result<T, Error> {
        let (end, silence) = (self.begun + self.timeout, Instant::now() + self.idle_timeout);
        let chunk = timeout_at(end.min(silence), chunk).await;
        chunk.map_err(|_| match silence < end {
            true => self.timed_out(Phase::Rest, self.idle_timeout),
            false => self.timed_out(Phase::Body, self.timeout),
        })
    }

    /// Classifies an error of the HTTP library by its sources, not by its text.
    ///
    /// Only an error during the connection guarantees that nothing was sent. TLS can also fail on
    /// an open connection, after the server read the request.
    pub(crate) fn failed(&self, error: reqwest::Error) -> Error {
        let (is_connect, is_timeout) = (error.is_connect(), error.is_timeout());
        let is_builder = error.is_builder();
        let source = RootCause::new(error.without_url());
        match (is_builder, is_connect) {
            (true, _) => self.invalid_request(source),
            (_, true) => self.not_connected(source, is_timeout),
            _ => Error::CutOff { host: self.host(), source: explained(source) },
        }
    }

    pub(crate) fn invalid_request(&self, source: RootCause) -> Error {
        Error::InvalidRequest { host: self.host(), source }
    }

    /// Nothing says why a transport of the program failed but its own error.
    pub(crate) fn transport_failed(&self, error: TransportError) -> Error {
        let host = self.host();
        match error {
            TransportError::NotSent(source) => {
                Error::Connect { host, source: RootCause::new(source) }
            }
            TransportError::Interrupted(source) => {
                Error::CutOff { host, source: RootCause::new(source) }
            }
        }
    }

    pub(crate) fn too_large(&self, limit: usize) -> Error {
        Error::TooLarge { host: self.host(), limit }
    }

    fn not_connected(&self, source: RootCause, is_timeout: bool) -> Error {
        if source.find::<Unresolved>().is_some() {
            return self.unresolved(source);
        }
        // The system's connect timeout is an error of the system, not our timeout.
        let system = source.find_last::<io::Error>().and_then(io::Error::raw_os_error);
        match source.find().map(TlsFailure::from_error) {
            Some(failure) => self.untrusted(failure),
            None if is_timeout && system.is_none() => {
                self.timed_out(Phase::Connecting, self.connect_timeout)
            }
            None => self.connection_failed(source),
        }
    }

    /// With a proxy, the resolved name is the proxy's, unless the proxy requires an address.
    pub(crate) fn unresolved(&self, source: RootCause) -> Error {
        let (name, after) = match source.find() {
            Some(Unresolved::TimedOut { name, after }) => (name.as_str(), Some(*after)),
            Some(Unresolved::Refused { name, .. }) => (name.as_str(), None),
            None => ("", None),
        };
        match (&self.via, after) {
            (Some(via), _) if name != via.address().0 => {
                self.proxy(via, ProxyFailure::UnresolvedHere(source))
            }
            (_, Some(after)) => self.timed_out(Phase::Resolving, after),
            (Some(via), None) => self.proxy(via, ProxyFailure::Dns(source)),
            (None, None) => Error::Dns { host: self.host(), source },
        }
    }

    fn untrusted(&self, source: TlsFailure) -> Error {
        match &self.via {
            Some(via) if via.scheme() == "https" => {
                self.proxy(via, ProxyFailure::Tls(source.into()))
            }
            _ => Error::Tls { host: self.host(), source },
        }
    }

    /// With a proxy, a connect timeout is a timeout of the proxy.
    pub(crate) fn timed_out(&self, phase: Phase, after: Duration) -> Error {
        match (&self.via, phase) {
            (Some(via), Phase::Resolving | Phase::Connecting) => {
                self.proxy(via, ProxyFailure::TimedOut { after })
            }
            _ => Error::Timeout { host: self.host(), phase, after },
        }
    }

    fn connection_failed(&self, source: RootCause) -> Error {
        let kind = source.find_last::<io::Error>().map(io::Error::kind);
        let ended = kind.is_some_and(is_end);
        match &self.via {
            Some(via) if kind.is_some() && !ended => {
                self.proxy(via, ProxyFailure::Unreachable(source))
            }
            Some(via) => self.proxy(via, ProxyFailure::from_cause(source, via.has_credentials())),
            None if ended => Error::Tls { host: self.host(), source: TlsFailure::CutOff(source) },
            None => Error::Connect { host: self.host(), source },
        }
    }

    pub(crate) fn proxy(&self, via: &ProxyRoute, source: ProxyFailure) -> Error {
        let (host, proxy, named_by) = (self.host(), via.host.clone(), via.named_by);
        Error::Proxy { host, proxy, named_by, source }
    }

    fn host(&self) -> String {
        self.host.clone()
    }
}

/// Shortens the library's text about a closed connection.
fn explained(source: RootCause) -> RootCause {
    let kind = source.find_last::<io::Error>().map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::UnexpectedEof) => RootCause::new("it was closed too early"),
        _ => source,
    }
}

/// Whether an open connection was closed during the handshake.
fn is_end(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        kind,
        Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe
    )
}
