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
    /// [`StartError::Listen`] if the port is in use.
    pub async fn start(scenario: ProxyScenario) -> Result<Self, StartError> {
        let (listener, address) = listen(scenario.port).await?;
        let state = Arc::new(State::new(scenario));
        let served = Arc::clone(&state);
        let accepting = accept(listener, move |stream| serve(Arc::clone(&served), stream));
        let running = Running::Tasks(vec![tokio::spawn(accepting)]);
        Ok(Self { state, address, running })
    }

    /// Starts a proxy in its own thread and runtime, for tests that are not async.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the port is in use, or if the thread cannot be started.
    pub fn start_in_thread(scenario: ProxyScenario) -> Result<Self, StartError> {
        let started = Running::in_thread("proxy", move || Self::start(scenario));
        let (proxy, running) = started.map_err(StartError::Thread)?;
        let mut proxy = proxy?;
        proxy.running = running;
        Ok(proxy)
    }

    /// Stops, closes all connections, and returns when the port is free.
    pub async fn stop(mut self) {
        self.running.stop().await;
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All received requests, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<ProxyRequest> {
        self.state.log.all()
    }

    /// The number of accepted connections, with or without requests.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// Waits until `count` requests have arrived.
    ///
    /// # Errors
    ///
    /// [`NotSeen`] on timeout.
    pub async fn wait_for_requests(
        &self,
        count: usize,
        within: Duration,
    ) -> Result<Vec<ProxyRequest>, NotSeen> {
        let arrived = self.state.log.wait_for_requests(|_| true, count, within).await;
        arrived.ok_or_else(|| self.not_seen(count))
    }

    /// [`wait_for_requests`](Self::wait_for_requests) for tests that are not async: it blocks the
    /// thread.
    ///
    /// # Errors
    ///
    /// [`NotSeen`] on timeout.
    pub fn wait_for_requests_blocking(
        &self,
        count: usize,
        within: Duration,
    ) -> Result<Vec<ProxyRequest>, NotSeen> {
        let arrived = self.state.log.wait_for_requests_blocking(|_| true, count, within);
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
