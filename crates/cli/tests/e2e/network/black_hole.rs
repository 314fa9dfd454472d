use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// An address that neither accepts nor refuses connections: it drops the first packet, like a
/// firewall.
pub(super) struct BlackHole {
    pub(super) address: SocketAddr,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl BlackHole {
    pub(super) fn at(address: impl Into<SocketAddr>) -> Self {
        let listener = TcpListener::bind(address.into()).unwrap();
        // The shortest possible queue of pending connections (listen(2)).
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let queue = std::iter::from_fn(|| waits_in(address)).collect();
        Self { address, _listener: listener, _queue: queue }
    }
}

/// A connection that still fits into the queue.
fn waits_in(address: SocketAddr) -> Option<TcpStream> {
    match TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        Ok(stream) => Some(stream),
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
            None
        }
    }
}
