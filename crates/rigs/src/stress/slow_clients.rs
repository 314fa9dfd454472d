//! Clients that send nothing, send a byte every two seconds, or never read a response. A client that
//! the server disconnects comes back after half a second.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::load::{Load, Target, Totals};

pub(super) struct SlowClients {
    clients: usize,
    load: Load,
}

impl SlowClients {
    pub(super) fn start(clients: usize) -> io::Result<Self> {
        let client =
            |number, target, totals| reconnect(Behavior::for_client(number), target, totals);
        Ok(Self { clients, load: Load::start(clients, client)? })
    }

    /// Connects all of them to a server, and returns when it has accepted each once.
    pub(super) fn connect_all(&self, address: SocketAddr) -> Result<(), Box<dyn Error>> {
        let connected = self.load.connect(address);
        let begun = Instant::now();
        while connected.load(Ordering::Relaxed) < self.clients {
            if begun.elapsed() > Duration::from_secs(30) {
                let count = connected.load(Ordering::Relaxed);
                return Err(format!("only {count} slow clients could connect").into());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    pub(super) fn disconnect(&self) {
        self.load.disconnect();
    }

    /// The longest time for which the server held a client that sends too little.
    pub(super) fn longest_hold(&self) -> Duration {
        Duration::from_micros(self.load.longest_hold())
    }
}

/// How a client is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behavior {
    /// Sends its header a byte at a time.
    SlowHeader,
    /// Opens a connection and sends nothing, as browsers do ahead of need.
    Silent,
    /// Sends a request and does not read the response.
    NeverReads,
}

impl Behavior {
    /// Six of ten send a slow header, and two each do the rest.
    fn for_client(number: usize) -> Self {
        match number % 10 {
            0..=5 => Self::SlowHeader,
            6 | 7 => Self::Silent,
            _ => Self::NeverReads,
        }
    }

    fn first_bytes(self, port: u16) -> String {
        match self {
            Self::SlowHeader => format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\nX-Slow: "),
            Self::Silent => String::new(),
            Self::NeverReads => format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
        }
    }
}

/// The pause before a client comes back: about a thousand connect in a second, and half of them are
/// outside at any time.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two bytes.
const INTERVAL: Duration = Duration::from_secs(2);

async fn reconnect(behavior: Behavior, target: Target, totals: Arc<Totals>) {
    let mut was_accepted = false;
    loop {
        // An error is expected: the server disconnects slow clients.
        let _ = connect(behavior, &target, &mut was_accepted, &totals).await;
        sleep(PAUSE).await;
    }
}

/// Connects, and holds the connection for as long as the server does.
async fn connect(
    behavior: Behavior,
    target: &Target,
    was_accepted: &mut bool,
    totals: &Totals,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(target.address).await?;
    let begun = Instant::now();
    stream.write_all(behavior.first_bytes(target.address.port()).as_bytes()).await?;
    if !std::mem::replace(was_accepted, true) {
        target.connected.fetch_add(1, Ordering::Relaxed);
    }
    if behavior == Behavior::NeverReads {
        // Such a client does not notice that it was disconnected.
        sleep(INTERVAL).await;
        return Ok(());
    }
    let outcome = hold(&mut stream, behavior).await;
    let held = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    totals.longest_hold.fetch_max(held, Ordering::Relaxed);
    outcome
}

async fn hold(stream: &mut TcpStream, behavior: Behavior) -> io::Result<()> {
    let mut sink = [0; 512];
    loop {
        match timeout(INTERVAL, stream.read(&mut sink)).await {
            Ok(Ok(1..)) => {}
            Ok(closed) => return closed.map(drop),
            Err(_) if behavior == Behavior::SlowHeader => stream.write_all(b"x").await?,
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_distributed_over_all_behaviors() {
        let count =
            |behavior| (0..1000).filter(|number| Behavior::for_client(*number) == behavior).count();
        assert_eq!(count(Behavior::SlowHeader), 600);
        assert_eq!(count(Behavior::Silent), 200);
        assert_eq!(count(Behavior::NeverReads), 200);
    }
}
