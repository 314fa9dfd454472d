use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::connection::{State, serve};
use super::request::{NotSeen, ProxyRequest};
use super::scenario::ProxyScenario;
use crate::listen::{accept, listen};
use crate::running::Running;
use crate::start_error::StartError;

/// A running proxy. It stops when it is dropped.
pub struct Proxy {
    state: Arc<State>,
    address: SocketAddr,
    running: Running,
}

impl Proxy {
    /// Starts a proxy in this runtime.
    ///
    /// # Errors
    ///
    /// [`StartError::Listen`] when the port is taken.
    pub async fn start(scenario: ProxyScenario) -> Result<Self, StartError> {
        let (listener, address) = listen(scenario.port).await?;
        let state = Arc::new(State::new(scenario));
        let served = Arc::clone(&state);
        let accepting = accept(listener, move |stream| serve(Arc::clone(&served), stream));
        let running = Running::Tasks(vec![tokio::spawn(accepting)]);
        Ok(Self { state, address, running })
    }

    /// Starts a proxy in a thread and a runtime of its own, for tests that are not async.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the port is taken, or when there is no thread to be had.
    pub fn start_in_thread(scenario: ProxyScenario) -> Result<Self, StartError> {
        let started = Running::in_thread("proxy", move || Self::start(scenario));
        let (proxy, running) = started.map_err(StartError::Thread)?;
        let mut proxy = proxy?;
        proxy.running = running;
        Ok(proxy)
    }

    /// Stops, and returns when the port is free again. Connections end where they are.
    pub async fn stop(mut self) {
        self.running.stop().await;
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that it was asked for so far, in that order, granted or not.
    #[must_use]
    pub fn requests(&self) -> Vec<ProxyRequest> {
        self.state.log.all()
    }

    /// How many connections were accepted so far, whether or not a request came on them.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// Waits until it has been asked so many times.
    ///
    /// # Errors
    ///
    /// [`NotSeen`] when it has not within the given time.
    pub async fn arrived(
        &self,
        count: usize,
        within: Duration,
    ) -> Result<Vec<ProxyRequest>, NotSeen> {
        let arrived = self.state.log.arrived(|_| true, count, within).await;
        arrived.ok_or_else(|| self.not_seen(count))
    }

    /// [`arrived`](Self::arrived) for tests that are not async: it blocks the thread.
    ///
    /// # Errors
    ///
    /// [`NotSeen`] when it has not within the given time.
    pub fn wait_for(&self, count: usize, within: Duration) -> Result<Vec<ProxyRequest>, NotSeen> {
        let arrived = self.state.log.wait_for(|_| true, count, within);
        arrived.ok_or_else(|| self.not_seen(count))
    }

    fn not_seen(&self, wanted: usize) -> NotSeen {
        NotSeen { wanted, asked: self.requests() }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.running.end();
    }
}
