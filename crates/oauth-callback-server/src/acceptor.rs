use std::io;
use std::net::{self, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpStream};

/// The listeners. The accepting task and [`Server`](crate::server::Server) share them, so that dropping the server
/// closes the port at once, and not when the runtime runs the task.
pub(crate) struct Acceptor(Mutex<Vec<TcpListener>>);

impl Acceptor {
    pub(crate) fn open(listeners: Vec<net::TcpListener>) -> io::Result<Self> {
        let listeners = listeners.into_iter().map(TcpListener::from_std);
        Ok(Self(Mutex::new(listeners.collect::<io::Result<_>>()?)))
    }

    pub(crate) fn close(&self) {
        self.listeners().clear();
    }

    pub(crate) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        std::future::poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// Alternates between the listeners, so that a flood on one address does not block the other.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let mut listeners = self.listeners();
        for _ in 0..listeners.len() {
            listeners.rotate_left(1);
            if let Some(Poll::Ready(accepted)) = listeners.last().map(|it| it.poll_accept(cx)) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<TcpListener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
