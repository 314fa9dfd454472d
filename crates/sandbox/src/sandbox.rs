use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::openai::{self, Minted};
use crate::record::{NotArrived, Recorded};
use crate::running::Running;
use crate::server::State;
use crate::{Endpoint, Issued, Person};

/// A running issuer and platform. It stops when it is dropped.
pub struct Sandbox {
    pub(crate) state: Arc<State>,
    pub(crate) issuer_url: String,
    pub(crate) issuer_address: SocketAddr,
    pub(crate) api_url: String,
    pub(crate) api_address: SocketAddr,
    pub(crate) ca_pem: Option<String>,
    pub(crate) running: Running,
}

impl Sandbox {
    /// Stops, and returns when the ports are free again. Connections end where they are.
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

    /// Where the issuer listens, for those who reach it under another name.
    #[must_use]
    pub fn issuer_address(&self) -> SocketAddr {
        self.issuer_address
    }

    /// Where the API listens. It is where the issuer does, unless the listeners are separate.
    #[must_use]
    pub fn api_address(&self) -> SocketAddr {
        self.api_address
    }

    /// The certificate that a client has to trust, as PEM; none without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Everything that arrived so far, in that order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.log.all()
    }

    /// What arrived so far at one endpoint.
    #[must_use]
    pub fn requests_at(&self, at: &Endpoint) -> Vec<Recorded> {
        self.state.log.filter(|request| request.is_at(at))
    }

    /// How many connections were accepted so far, whether or not a request came on them.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.state.connections()
    }

    /// Waits until so many requests have arrived at an endpoint, answered or not.
    ///
    /// # Errors
    ///
    /// [`NotArrived`] when they have not within the given time.
    pub async fn arrived(
        &self,
        at: &Endpoint,
        count: usize,
        within: Duration,
    ) -> Result<Vec<Recorded>, NotArrived> {
        let arrived = self.state.log.arrived(|request| request.is_at(at), count, within).await;
        arrived.ok_or_else(|| self.not_arrived(at, count))
    }

    /// [`arrived`](Self::arrived) for tests that are not async: it blocks the thread.
    ///
    /// # Errors
    ///
    /// [`NotArrived`] when they have not within the given time.
    pub fn wait_for(
        &self,
        at: &Endpoint,
        count: usize,
        within: Duration,
    ) -> Result<Vec<Recorded>, NotArrived> {
        let arrived = self.state.log.wait_for(|request| request.is_at(at), count, within);
        arrived.ok_or_else(|| self.not_arrived(at, count))
    }

    fn not_arrived(&self, at: &Endpoint, count: usize) -> NotArrived {
        NotArrived { at: at.clone(), wanted: count, arrived: self.requests() }
    }

    /// Every secret that was handed out so far.
    #[must_use]
    pub fn issued(&self) -> Issued {
        self.state.world.ledger().issued.clone()
    }

    /// The refresh tokens that still work: issued, and neither spent, revoked nor expired.
    #[must_use]
    pub fn live_refresh_tokens(&self) -> Vec<String> {
        self.state.world.live_refresh_tokens()
    }

    /// Every secret of every sign-in so far: what was [issued](Self::issued), and the states and
    /// code verifiers that clients sent.
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

    /// Lets the requests go on that [`Then::Hold`](crate::Then::Hold) stopped, and all later ones.
    pub fn release(&self) {
        self.state.faults.release();
    }

    /// Signs an account in without a browser, for tests that begin with stored credentials. The
    /// tokens are those of the sign-in client. None when there is no such account.
    #[must_use]
    pub fn mint(&self, email: &str) -> Option<Minted> {
        let mut accounts = self.state.world.scenario.accounts.iter();
        let index = accounts.position(|account| account.email == email)?;
        openai::mint(&self.state.world, index).ok()
    }

    /// A person who chooses this account on the sign-in page, by its address or its label, and
    /// whose browser trusts this sandbox.
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
