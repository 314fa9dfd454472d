//! A proxy that delays: half a round trip in each direction, and one more for a new connection, as
//! the TCP handshake takes.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Forwards connections to the far end with a delay.
pub(super) struct DelayProxy {
    listener: TcpListener,
    pub(super) address: SocketAddr,
}

impl DelayProxy {
    pub(super) fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Forwards to `server_address` until this process ends.
    pub(super) fn forward_to(self, server_address: SocketAddr, round_trip: Duration) {
        thread::spawn(move || {
            for near in self.listener.incoming().flatten() {
                // A connection that fails is closed, and its client reports that.
                let _ = connect(near, server_address, round_trip);
            }
        });
    }
}

/// The real round trip: timers and threads add to the nominal one. It is the shortest of some trips, so
/// that a busy machine does not improve the ratios.
pub(super) fn measured(round_trip: Duration) -> io::Result<Duration> {
    const TRIPS: usize = 8;
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let proxy = DelayProxy::bind()?;
    let mut near = TcpStream::connect(proxy.address)?;
    near.set_nodelay(true)?;
    proxy.forward_to(server.local_addr()?, round_trip);
    let (far, _) = server.accept()?;
    far.set_nodelay(true)?;
    thread::spawn(move || echo(far));

    let mut ping = || {
        let begun = Instant::now();
        near.write_all(b"?")?;
        near.read_exact(&mut [0])?;
        Ok(begun.elapsed())
    };
    // The first one includes the handshake.
    ping()?;
    let times: io::Result<Vec<_>> = (0..TRIPS).map(|_| ping()).collect();
    times?.into_iter().min().ok_or_else(|| io::Error::other("nothing came back"))
}

fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte)?;
        stream.write_all(&byte)?;
    }
}

fn connect(near: TcpStream, server_address: SocketAddr, round_trip: Duration) -> io::Result<()> {
    let opened = Opened { at: Instant::now(), round_trip };
    let far = TcpStream::connect(server_address)?;
    // Nagle's algorithm would add a delay.
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    forward(near.try_clone()?, far.try_clone()?, opened);
    forward(far, near, opened);
    Ok(())
}

/// One direction: one thread stamps arriving bytes, the other sends them when they are due, so that
/// delays do not add up.
fn forward(mut from: TcpStream, mut to: TcpStream, opened: Opened) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if sender.send((opened.due(Instant::now()), buffer[..read].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        // The other side has closed.
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// When a connection began, and its round trip.
#[derive(Clone, Copy)]
struct Opened {
    at: Instant,
    round_trip: Duration,
}

impl Opened {
    /// When bytes arrive: nothing is sent before the handshake ends.
    fn due(self, sent: Instant) -> Instant {
        sent.max(self.at + self.round_trip) + self.round_trip / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_byte_is_delayed_by_an_extra_round_trip() {
        let (at, round_trip) = (Instant::now(), Duration::from_millis(50));
        let opened = Opened { at, round_trip };
        let due = |sent| (opened.due(at + Duration::from_millis(sent)) - at).as_millis();
        assert_eq!(due(0), 75);
        assert_eq!(due(49), 75);
        assert_eq!(due(100), 125);
    }

    #[test]
    fn round_trip_can_be_measured() {
        assert!(measured(Duration::ZERO).is_ok());
    }

    #[test]
    fn data_is_forwarded_both_ways() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = DelayProxy::bind().unwrap();
        let mut near = TcpStream::connect(proxy.address).unwrap();
        proxy.forward_to(server.local_addr().unwrap(), Duration::ZERO);

        near.write_all(b"there").unwrap();
        near.shutdown(Shutdown::Write).unwrap();
        let (mut far, _) = server.accept().unwrap();
        let mut received = String::new();
        far.read_to_string(&mut received).unwrap();
        assert_eq!(received, "there");

        far.write_all(b"and back").unwrap();
        drop(far);
        received.clear();
        near.read_to_string(&mut received).unwrap();
        assert_eq!(received, "and back");
    }
}
