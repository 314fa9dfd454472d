use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::request::{Client, Outcome, ProxyRequest};
use crate::Endpoint;
use crate::listen::StartError;
use crate::listen::{accept, listen};
use crate::log::RequestTimeout;
use crate::running::Running;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncWriteExt as _, BufReader, copy, copy_bidirectional, sink};
use tokio::net::TcpStream;

use super::scenario::{ProxyKind, ProxyScenario};
use super::{http, socks5};
use crate::log::Log;

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
    /// [`RequestTimeout`] on timeout.
    pub async fn wait_for_requests(
        &self,
        count: usize,
        within: Duration,
    ) -> Result<Vec<ProxyRequest>, RequestTimeout> {
        self.state.log.wait(&Endpoint::Any, |_| true, count, within).await
    }

    /// [`wait_for_requests`](Self::wait_for_requests) for tests that are not async: it blocks the
    /// thread.
    ///
    /// # Errors
    ///
    /// [`RequestTimeout`] on timeout.
    pub fn wait_for_requests_blocking(
        &self,
        count: usize,
        within: Duration,
    ) -> Result<Vec<ProxyRequest>, RequestTimeout> {
        self.state.log.wait_blocking(&Endpoint::Any, |_| true, count, within)
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

/// The shared state of all connections: the scenario and the received requests.
struct State {
    scenario: ProxyScenario,
    log: Log<ProxyRequest>,
    connections: AtomicU64,
}

impl State {
    fn new(scenario: ProxyScenario) -> Self {
        Self { scenario, log: Log::new(), connections: AtomicU64::new(0) }
    }
}

/// Serves until the client closes the connection or a fault ends it. Errors are ignored: the test
/// checks the client.
async fn serve(state: Arc<State>, stream: TcpStream) {
    state.connections.fetch_add(1, Ordering::Relaxed);
    let mut client = BufReader::new(stream);
    let asked = match state.scenario.kind {
        ProxyKind::Http => http::receive_request(&mut client, &state.scenario).await,
        ProxyKind::Socks5 => socks5::receive_request(&mut client, &state.scenario).await,
    };
    if let Ok((request, outcome)) = asked {
        state.log.add(request);
        let _ = respond(&mut client, outcome).await;
    }
}

async fn respond(client: &mut Client, outcome: Outcome) -> io::Result<()> {
    match outcome {
        Outcome::Tunnel { to, open, unreachable } => match TcpStream::connect(to).await {
            Err(_) => refuse(client, &unreachable).await,
            Ok(mut server) => {
                server.set_nodelay(true)?;
                client.write_all(&open).await?;
                copy_bidirectional(client, &mut server).await.map(drop)
            }
        },
        Outcome::Refusal(bytes) => refuse(client, &bytes).await,
        Outcome::Silence => drain(client).await,
        Outcome::Close => Ok(()),
    }
}

/// Closing a socket with unread input resets it, and the client may lose the response. So the input
/// is read until the client closes.
async fn refuse(client: &mut Client, response: &[u8]) -> io::Result<()> {
    client.write_all(response).await?;
    client.shutdown().await?;
    drain(client).await
}

async fn drain(client: &mut Client) -> io::Result<()> {
    copy(client, &mut sink()).await.map(drop)
}
