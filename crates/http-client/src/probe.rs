use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::select_ok;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::attempt::Attempt;
use crate::base_url::BaseUrl;
use crate::client::HttpClient;
use crate::error::{Error, Phase};
use crate::proxy::{ProxyFailure, ProxyRoute};
use crate::response::Response;
use crate::root_cause::RootCause;

/// The results of the steps to reach a server.
#[derive(Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The host and port of the proxy, if any.
    pub proxy: Option<String>,
    /// The addresses of the server, or of the proxy.
    pub addresses: Result<Vec<SocketAddr>, Error>,
    /// The duration of the first successful connection; `None` without an address.
    pub connected: Option<Result<Duration, Error>>,
    /// The response to a `HEAD` without credentials, through TLS and the proxy; `None` without a
    /// connection.
    pub response: Option<Result<Response, Error>>,
}

impl HttpClient {
    /// Tries to reach `base` once, and reports each step. No credential is sent.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if an option is invalid.
    pub async fn probe(&self, base: &BaseUrl) -> Result<Probe, Error> {
        let url = base.join("/");
        let attempt = self.attempt(&url)?;
        let proxy = attempt.via.as_ref().map(|via| via.host.clone());
        let own = || Some((url.host_str()?.trim_matches(['[', ']']), url.port_or_known_default()?));
        let first = attempt.via.as_ref().map(ProxyRoute::address).or_else(own);
        let (host, port) = first.unwrap_or_default();
        let addresses = self.addresses(&attempt, host, port).await;
        let mut probe = Probe { proxy, addresses, connected: None, response: None };
        if let Ok(addresses) = &probe.addresses {
            probe.connected = Some(self.connect(&attempt, addresses).await);
        }
        if let Some(Ok(_)) = probe.connected {
            probe.response = Some(self.head(base).send().await);
        }
        Ok(probe)
    }

    async fn addresses(
        &self,
        attempt: &Attempt,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Error> {
        let found = self.resolver().look_up(host, port).await;
        found.map_err(|unresolved| attempt.unresolved(RootCause::new(unresolved)))
    }

    async fn connect(
        &self,
        attempt: &Attempt,
        addresses: &[SocketAddr],
    ) -> Result<Duration, Error> {
        let (begun, after) = (Instant::now(), self.options().connect_timeout);
        // One address family may be unreachable.
        let attempts = addresses.iter().map(|address| Box::pin(TcpStream::connect(*address)));
        match timeout(after, select_ok(attempts)).await {
            Ok(Ok(_)) => Ok(begun.elapsed()),
            Ok(Err(error)) => Err(match &attempt.via {
                Some(via) => attempt.proxy(via, ProxyFailure::Unreachable(RootCause::new(error))),
                None => {
                    Error::Connect { host: attempt.host.clone(), source: RootCause::new(error) }
                }
            }),
            Err(_) => Err(attempt.timed_out(Phase::Connecting, after)),
        }
    }
}
