use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::request::ProxyRequest;
use super::scenario::{ProxyConduct, ProxyKind, ProxyScenario};
use super::{http, link, socks5};
use crate::log::Log;

/// The scenario and everything that became of it: what all connections share.
pub(super) struct State {
    pub(super) scenario: ProxyScenario,
    pub(super) log: Log<ProxyRequest>,
    pub(super) ended: Log<()>,
    pub(super) connections: AtomicU64,
    pub(super) bytes_up: AtomicU64,
    pub(super) bytes_down: AtomicU64,
}

impl State {
    pub(super) fn new(scenario: ProxyScenario) -> Self {
        Self {
            scenario,
            log: Log::default(),
            ended: Log::default(),
            connections: AtomicU64::new(0),
            bytes_up: AtomicU64::new(0),
            bytes_down: AtomicU64::new(0),
        }
    }
}

/// The client's end. What it sent after its request stays in the buffer for the tunnel.
pub(super) type Client = BufReader<TcpStream>;

/// What a request gets.
pub(super) enum Outcome {
    /// A tunnel, and what is said when there is one and when there cannot be one.
    Tunnel { to: SocketAddr, open: Vec<u8>, unreachable: Vec<u8> },
    /// These bytes, and the end.
    Refusal(Vec<u8>),
    /// Nothing, and no end.
    Silence,
    /// The end.
    Close,
}

impl Outcome {
    /// What a proxy that is not honest does to everybody.
    pub(super) fn for_conduct(conduct: &ProxyConduct) -> Option<Self> {
        match conduct {
            ProxyConduct::Honest => None,
            ProxyConduct::Answer(bytes) => Some(Self::Refusal(bytes.clone())),
            ProxyConduct::Hang => Some(Self::Silence),
            ProxyConduct::Close => Some(Self::Close),
        }
    }
}

/// Serves until the client goes or a fault ends it. What goes wrong here is the client's to tell:
/// the test looks there.
pub(super) async fn serve(state: Arc<State>, stream: TcpStream) {
    state.connections.fetch_add(1, Ordering::Relaxed);
    let mut client = BufReader::new(stream);
    if let Ok((request, outcome)) = ask(&mut client, &state.scenario).await {
        state.log.add(request);
        let _ = act(&mut client, &state, outcome).await;
    }
    state.ended.add(());
}

async fn ask(client: &mut Client, scenario: &ProxyScenario) -> io::Result<(ProxyRequest, Outcome)> {
    match scenario.kind {
        ProxyKind::Http => http::ask(client, scenario).await,
        ProxyKind::Socks5 => socks5::ask(client, scenario).await,
        ProxyKind::Relay(to) => {
            let request = ProxyRequest { target: to.to_string(), ..ProxyRequest::default() };
            let tunnel = Outcome::Tunnel { to, open: Vec::new(), unreachable: Vec::new() };
            Ok((request, Outcome::for_conduct(&scenario.conduct).unwrap_or(tunnel)))
        }
    }
}

async fn act(client: &mut Client, state: &State, outcome: Outcome) -> io::Result<()> {
    match outcome {
        Outcome::Tunnel { to, open, unreachable } => match TcpStream::connect(to).await {
            Err(_) => refuse(client, &unreachable, &state.bytes_up).await,
            Ok(server) => {
                server.set_nodelay(true)?;
                client.write_all(&open).await?;
                link::carry(client, server, state).await
            }
        },
        Outcome::Refusal(bytes) => refuse(client, &bytes, &state.bytes_up).await,
        Outcome::Silence => drain(client, &state.bytes_up).await,
        Outcome::Close => Ok(()),
    }
}

async fn refuse(client: &mut Client, last: &[u8], bytes_up: &AtomicU64) -> io::Result<()> {
    client.write_all(last).await?;
    end(client, bytes_up).await
}

/// A socket that closes while there is something to be read is reset, which may take away what the
/// client has not read yet: so that is read until the client goes.
pub(super) async fn end(client: &mut Client, bytes_up: &AtomicU64) -> io::Result<()> {
    client.shutdown().await?;
    drain(client, bytes_up).await
}

pub(super) async fn drain(client: &mut Client, bytes_up: &AtomicU64) -> io::Result<()> {
    let mut void = [0; 4096];
    loop {
        match client.read(&mut void).await? {
            0 => return Ok(()),
            count => bytes_up.fetch_add(count as u64, Ordering::Relaxed),
        };
    }
}
