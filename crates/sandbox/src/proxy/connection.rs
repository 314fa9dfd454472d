use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncWriteExt as _, BufReader, copy, copy_bidirectional, sink};
use tokio::net::TcpStream;

use super::outcome::{Client, Outcome};
use super::request::ProxyRequest;
use super::scenario::{ProxyKind, ProxyScenario};
use super::{http, socks5};
use crate::log::Log;

/// The shared state of all connections: the scenario and the received requests.
pub(super) struct State {
    pub(super) scenario: ProxyScenario,
    pub(super) log: Log<ProxyRequest>,
    pub(super) connections: AtomicU64,
}

impl State {
    pub(super) fn new(scenario: ProxyScenario) -> Self {
        Self { scenario, log: Log::default(), connections: AtomicU64::new(0) }
    }
}

/// Serves until the client closes the connection or a fault ends it. Errors are ignored: the test
/// checks the client.
pub(super) async fn serve(state: Arc<State>, stream: TcpStream) {
    state.connections.fetch_add(1, Ordering::Relaxed);
    let mut client = BufReader::new(stream);
    let asked = match state.scenario.kind {
        ProxyKind::Http => http::ask(&mut client, &state.scenario).await,
        ProxyKind::Socks5 => socks5::ask(&mut client, &state.scenario).await,
    };
    if let Ok((request, outcome)) = asked {
        state.log.add(request);
        let _ = act(&mut client, outcome).await;
    }
}

async fn act(client: &mut Client, outcome: Outcome) -> io::Result<()> {
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
async fn refuse(client: &mut Client, last: &[u8]) -> io::Result<()> {
    client.write_all(last).await?;
    client.shutdown().await?;
    drain(client).await
}

async fn drain(client: &mut Client) -> io::Result<()> {
    copy(client, &mut sink()).await.map(drop)
}
