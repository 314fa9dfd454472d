//! Accepts connections, and limits how many are held at once.

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

/// Accepts and serves until the session is closed and everyone has what they were promised.
pub(crate) async fn serve(session: Arc<Session>) {
    let mut connections = Connections::default();
    let closed = session.closed();
    tokio::pin!(closed);
    loop {
        tokio::select! {
            () = &mut closed => return,
            Some(_) = connections.tasks.join_next() => {}
            accepted = session.acceptor.accept(), if connections.are_few(&session) => match accepted {
                Ok((stream, theirs)) => connections.admit(&session, stream, theirs),
                Err(error) => {
                    connections.shed_load(&error);
                    if timeout(PAUSE, &mut closed).await.is_ok() {
                        return;
                    }
                }
            },
        }
    }
}

/// A connection that could not be accepted is still there: trying again at once would keep a
/// processor busy.
const PAUSE: Duration = Duration::from_millis(20);

/// The connections that are held, the oldest first. They end with this value.
#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    seats: VecDeque<(Weak<Connection>, AbortHandle)>,
}

impl Connections {
    fn admit(&mut self, session: &Arc<Session>, stream: TcpStream, theirs: SocketAddr) {
        let Ok(ours) = stream.local_addr() else {
            return;
        };
        if !is_local(theirs) || !self.has_room(session.limits.connections) {
            return;
        }
        let connection = Arc::new(Connection::new(ours, theirs));
        let seat = Arc::downgrade(&connection);
        let task = self.tasks.spawn(serve_connection(stream, session.clone(), connection));
        self.seats.push_back((seat, task));
    }

    /// Who was sent away keeps a socket until their task has ended; only so many of them at a time.
    fn are_few(&self, session: &Session) -> bool {
        const LEAVING: usize = 8;
        self.tasks.len() < session.limits.connections + LEAVING
    }

    fn has_room(&mut self, most: usize) -> bool {
        if self.seats.len() >= most {
            self.seats.retain(|(connection, _)| connection.strong_count() > 0);
        }
        self.seats.len() < most || self.send_away_the_oldest()
    }

    /// Nobody who was promised an answer has to go: they knew the `state`.
    fn send_away_the_oldest(&mut self) -> bool {
        let is_idle = |connection: &Weak<Connection>| {
            connection.upgrade().is_none_or(|connection| !connection.is_pending())
        };
        let oldest = self.seats.iter().position(|(connection, _)| is_idle(connection));
        let seat = oldest.and_then(|oldest| self.seats.remove(oldest));
        seat.inspect(|(_, task)| task.abort()).is_some()
    }

    /// Usually the process has no file descriptor left, so the oldest quarter has to go: enough to
    /// get through a crowd in a moment, and the youngest still have time for their request.
    fn shed_load(&mut self, error: &io::Error) {
        tracing::debug!(%error, "cannot accept a connection");
        self.seats.retain(|(connection, _)| connection.strong_count() > 0);
        for _ in 0..=self.seats.len() / 4 {
            self.send_away_the_oldest();
        }
    }
}

/// Only loopback addresses are listened on, so anything else is a mistake of somebody's.
fn is_local(theirs: SocketAddr) -> bool {
    theirs.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 67
    #[test]
    fn only_this_machine_may_come_in() {
        for (address, local) in [
            ("127.0.0.1:1", true),
            ("127.8.8.8:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("192.168.1.5:1", false),
            ("[fe80::1]:1", false),
            ("[::ffff:192.168.1.5]:1", false),
            ("0.0.0.0:1", false),
        ] {
            assert_eq!(is_local(address.parse().unwrap()), local, "{address}");
        }
    }
}
