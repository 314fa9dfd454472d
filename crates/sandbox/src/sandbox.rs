use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::log::RequestTimeout;
use crate::openai::{self, Minted};
use crate::record::Recorded;
use crate::running::Running;
use crate::server::State;
use crate::{Endpoint, Issued, Person};

/// A running issuer and platform. It stops when it is dropped.
pub struct Sandbox {
    pub(crate) state: Arc<State>,
    pub(crate) issuer_url: String,
    pub(crate) issuer_address: SocketAddr,
    pub(crate) api_url: String,
    pub(crate) ca_pem: Option<String>,
    pub(crate) running: Running,
}

impl Sandbox {
    /// Stops, closes all connections, and returns when the ports are free.
    pub async fn stop(mut self) {
        self.running.stop().await;
    }

    /// The issuer's base URL, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn issuer_url(&self) -> &str {
        &self.issuer_url
    }

    /// The API's base URL. It is the issuer's, unless the listeners are separate.
    #[must_use]
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// The address of the issuer's listener.
    #[must_use]
    pub fn issuer_address(&self) -> SocketAddr {
        self.issuer_address
    }

    /// The CA certificate that a client must trust, as PEM; none without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// All received requests, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.log.all()
    }

    /// The received requests of one endpoint.
    #[must_use]
    pub fn requests_at(&self, at: &Endpoint) -> Vec<Recorded> {
        self.state.log.filter(|request| request.is_at(at))
    }

    /// The number of accepted connections, with or without requests.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.state.connections()
    }

    /// Waits until `count` requests have arrived at an endpoint.
    ///
    /// # Errors
    ///
    /// [`RequestTimeout`] on timeout.
    pub async fn wait_for_requests(
        &self,
        at: &Endpoint,
        count: usize,
        within: Duration,
    ) -> Result<Vec<Recorded>, RequestTimeout> {
        self.state.log.wait(at, |request| request.is_at(at), count, within).await
    }

    /// [`wait_for_requests`](Self::wait_for_requests) for tests that are not async: it blocks the
    /// thread.
    ///
    /// # Errors
    ///
    /// [`RequestTimeout`] on timeout.
    pub fn wait_for_requests_blocking(
        &self,
        at: &Endpoint,
        count: usize,
        within: Duration,
    ) -> Result<Vec<Recorded>, RequestTimeout> {
        self.state.log.wait_blocking(at, |request| request.is_at(at), count, within)
    }

    /// Every issued secret.
    #[must_use]
    pub fn issued(&self) -> Issued {
        self.state.world.ledger().issued.clone()
    }

    /// The valid refresh tokens: not spent, revoked or expired.
    #[must_use]
    pub fn live_refresh_tokens(&self) -> Vec<String> {
        self.state.world.live_refresh_tokens()
    }

    /// Every secret of every sign-in: the [issued](Self::issued) ones, and the states and code
    /// verifiers of clients.
    #[must_use]
    pub fn canaries(&self) -> Vec<String> {
        let requests = self.requests();
        let states = requests.iter().flat_map(Recorded::query_pairs);
        let verifiers = requests.iter().flat_map(Recorded::form);
        let secret = |name: &str| name == "state" || name == "code_verifier";
        let sent = states.chain(verifiers).filter(|(name, _)| secret(name));
        let issued = self.issued();
        let mut all: Vec<String> = issued.all().into_iter().map(str::to_owned).collect();
        all.extend(sent.map(|(_, value)| value));
        all
    }

    /// Releases all requests that wait at [`Then::Hold`](crate::Then::Hold), now and later.
    pub fn release(&self) {
        self.state.faults.release();
    }

    /// Signs an account in without a browser, for tests that begin with stored credentials. The
    /// tokens are for the sign-in client. `None` if the account does not exist.
    #[must_use]
    pub fn mint(&self, email: &str) -> Option<Minted> {
        let mut accounts = self.state.world.scenario.accounts.iter();
        let index = accounts.position(|account| account.email == email)?;
        openai::mint(&self.state.world, index).ok()
    }

    /// A simulated user who selects this account by address or label, and whose browser trusts this
    /// sandbox.
    #[must_use]
    pub fn person(&self, account: &str) -> Person {
        Person { ca_pem: self.ca_pem.clone(), ..Person::named(account) }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sandbox({})", self.issuer_url)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.running.end();
    }
}
