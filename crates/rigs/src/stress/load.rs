//! Clients in a thread of their own, all of which connect to one server at a time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use tokio::runtime;
use tokio::sync::watch;

/// The clients. They end with this value.
pub(super) struct Load {
    target: watch::Sender<Option<Target>>,
    totals: Arc<Totals>,
}

/// The server, and how many clients it has accepted.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    pub(super) connected: Arc<AtomicUsize>,
}

/// What all clients have seen, at all servers.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) responses: AtomicU64,
    /// The longest time for which a connection was held, in microseconds.
    pub(super) longest_hold: AtomicU64,
}

impl Load {
    /// Starts so many clients. `client` gets its number and uses one server without an end: it is
    /// dropped when the server changes.
    pub(super) fn start<F: Future<Output = ()> + Send + 'static>(
        clients: usize,
        client: impl Fn(usize, Target, Arc<Totals>) -> F + Clone + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (target, targets) = watch::channel(None);
        let totals = Arc::new(Totals::default());
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let shared = totals.clone();
        thread::Builder::new().name("load".to_owned()).spawn(move || {
            runtime.block_on(async {
                for number in 0..clients {
                    let (client, totals) = (client.clone(), shared.clone());
                    let client = move |target| client(number, target, totals.clone());
                    tokio::spawn(follow(targets.clone(), client));
                }
                // It ends when the sender is dropped.
                let mut targets = targets;
                while targets.changed().await.is_ok() {}
            });
        })?;
        Ok(Self { target, totals })
    }

    /// Connects all clients to a server.
    pub(super) fn connect(&self, address: SocketAddr) -> Arc<AtomicUsize> {
        let connected = Arc::new(AtomicUsize::new(0));
        let target = Target { address, connected: connected.clone() };
        self.target.send_replace(Some(target));
        connected
    }

    pub(super) fn disconnect(&self) {
        self.target.send_replace(None);
    }

    pub(super) fn responses(&self) -> u64 {
        self.totals.responses.load(Ordering::Relaxed)
    }

    pub(super) fn longest_hold(&self) -> u64 {
        self.totals.longest_hold.load(Ordering::Relaxed)
    }
}

/// Runs the client for each server until the next one is set.
async fn follow<F: Future<Output = ()>>(
    mut targets: watch::Receiver<Option<Target>>,
    client: impl Fn(Target) -> F,
) {
    while let Ok(target) = targets.wait_for(Option::is_some).await.map(|it| it.clone()) {
        let Some(target) = target else { continue };
        tokio::select! {
            () = client(target) => {}
            changed = targets.changed() => if changed.is_err() { return },
        }
    }
}
