//! Accepts connections, and limits their number.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use crate::connection::Connection;
use crate::handle::serve_connection;
use crate::session::Session;

/// Accepts and serves connections until the session is closed and each pending response is sent.
pub(crate) async fn serve(session: Arc<Session>) {
    let mut connections = Connections::default();
    let closed = session.closed();
    tokio::pin!(closed);
    loop {
        tokio::select! {
            () = &mut closed => return,
            Some(_) = connections.tasks.join_next() => {}
            accepted = session.acceptor.accept(), if connections.can_accept(&session) => match accepted {
                Ok((stream, peer)) => connections.add(&session, stream, peer),
                Err(error) => {
                    connections.shed_load(&error);
                    if timeout(RETRY_DELAY, &mut closed).await.is_ok() {
                        return;
                    }
                }
            },
        }
    }
}

/// The delay after an error of `accept`. The connection is still in the queue, so a retry without a delay would
/// keep a processor busy.
const RETRY_DELAY: Duration = Duration::from_millis(20);

/// The open connections, the oldest first. Dropping this closes them.
#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    open: VecDeque<(Weak<Connection>, AbortHandle)>,
}

impl Connections {
    fn add(&mut self, session: &Arc<Session>, stream: TcpStream, peer: SocketAddr) {
        let Ok(local) = stream.local_addr() else {
            return;
        };
        if !is_loopback(peer) || !self.has_room(session.limits.connections) {
            return;
        }
        let connection = Arc::new(Connection::new(local, peer));
        let weak = Arc::downgrade(&connection);
        let task = self.tasks.spawn(serve_connection(stream, session.clone(), connection));
        self.open.push_back((weak, task));
    }

    /// An aborted connection keeps its socket until its task has ended.
    fn can_accept(&self, session: &Session) -> bool {
        const MAX_ABORTED: usize = 8;
        self.tasks.len() < session.limits.connections + MAX_ABORTED
    }

    fn has_room(&mut self, limit: usize) -> bool {
        if self.open.len() >= limit {
            self.open.retain(|(connection, _)| connection.strong_count() > 0);
        }
        self.open.len() < limit || self.close_oldest()
    }

    /// Keeps connections with a pending response: they sent the right `state`.
    fn close_oldest(&mut self) -> bool {
        let is_idle = |connection: &Weak<Connection>| {
            connection.upgrade().is_none_or(|connection| !connection.is_pending())
        };
        let oldest = self.open.iter().position(|(connection, _)| is_idle(connection));
        let closed = oldest.and_then(|oldest| self.open.remove(oldest));
        closed.inspect(|(_, task)| task.abort()).is_some()
    }

    /// Usually the process is out of file descriptors. Closing the oldest quarter is enough for the next
    /// connections, and leaves the newest ones time for their request.
    fn shed_load(&mut self, error: &io::Error) {
        tracing::debug!(%error, "cannot accept a connection");
        self.open.retain(|(connection, _)| connection.strong_count() > 0);
        for _ in 0..=self.open.len() / 4 {
            self.close_oldest();
        }
    }
}

/// A second line of defense: the server listens only on loopback addresses.
fn is_loopback(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 67
    #[test]
    fn only_loopback_peers_are_served() {
        for (address, expected) in [
            ("127.0.0.1:1", true),
            ("127.8.8.8:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("192.168.1.5:1", false),
            ("[fe80::1]:1", false),
            ("[::ffff:192.168.1.5]:1", false),
            ("0.0.0.0:1", false),
        ] {
            assert_eq!(is_loopback(address.parse().unwrap()), expected, "{address}");
        }
    }
}
