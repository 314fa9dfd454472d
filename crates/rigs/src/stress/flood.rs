//! Requests at the full speed of one thread, over 256 connections.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::load::{Load, Totals};

/// How many connections it has at once.
const CONNECTIONS: usize = 256;

/// How the flood uses its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    /// One request each.
    New,
    /// As many requests as the server allows.
    KeptAlive,
}

pub(super) struct Flood {
    load: Load,
    begun: Option<(Instant, u64)>,
    duration: Duration,
    responses: u64,
}

impl Flood {
    pub(super) fn start(connections: Connections) -> io::Result<Self> {
        let client = move |_, target: super::load::Target, totals: std::sync::Arc<Totals>| async move {
            loop {
                if flood_connection(target.address, connections, &totals).await.is_err() {
                    // Disconnected, or no port is free.
                    sleep(Duration::from_millis(1)).await;
                }
            }
        };
        let load = Load::start(CONNECTIONS, client)?;
        Ok(Self { load, begun: None, duration: Duration::ZERO, responses: 0 })
    }

    pub(super) fn connect(&mut self, address: SocketAddr) {
        self.begun = Some((Instant::now(), self.load.responses()));
        self.load.connect(address);
    }

    pub(super) fn stop(&mut self) {
        self.load.disconnect();
        if let Some((begun, before)) = self.begun.take() {
            self.duration += begun.elapsed();
            self.responses += self.load.responses() - before;
        }
    }

    /// Responses in a second of the flood.
    pub(super) fn rate(&self) -> u64 {
        let millis = self.duration.as_millis().try_into().unwrap_or(u64::MAX);
        (self.responses * 1000).checked_div(millis).unwrap_or_default()
    }
}

async fn flood_connection(
    address: SocketAddr,
    connections: Connections,
    totals: &Totals,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let request = request(address.port(), connections);
    let mut response = [0; 8192];
    loop {
        stream.write_all(request.as_bytes()).await?;
        if stream.read(&mut response).await? == 0 {
            return Ok(());
        }
        totals.responses.fetch_add(1, Ordering::Relaxed);
        if connections == Connections::New {
            while stream.read(&mut response).await? > 0 {}
            return Ok(());
        }
    }
}

fn request(port: u16, connections: Connections) -> String {
    let connection = match connections {
        Connections::New => "close",
        Connections::KeptAlive => "keep-alive",
    };
    format!(
        "GET /auth/callback?code=a&state=b HTTP/1.1\r\nHost: localhost:{port}\r\n\
         Connection: {connection}\r\n\r\n"
    )
}
