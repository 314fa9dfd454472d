//! One port on both loopback addresses, or the reason why not.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use tokio::net::TcpSocket;

/// What listens on one port.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) port: u16,
    /// On `127.0.0.1` and, where there is IPv6, on `[::1]`.
    pub(crate) sockets: Vec<TcpListener>,
}

/// One address that could not be had, before it is known what that means.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) address: SocketAddr,
    pub(crate) source: io::Error,
}

impl Refusal {
    /// Somebody else is there.
    pub(crate) fn is_taken(&self) -> bool {
        self.source.kind() == io::ErrorKind::AddrInUse
    }
}

/// The port that stands for any free one.
pub(crate) const ANY: u16 = 0;

/// A port that the system gives for IPv4 may be taken on IPv6; so many in a row never are.
const TRIES_FOR_A_FREE_PORT: usize = 16;

/// Listens on both addresses, or on none.
pub(crate) fn listen_on(port: u16) -> Result<Listeners, Refusal> {
    let mut tries = 1;
    loop {
        match listen_on_both(port) {
            Err(refusal) if port == ANY && refusal.is_taken() && tries < TRIES_FOR_A_FREE_PORT => {
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

const LOOPBACK_V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOOPBACK_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn listen_on_both(port: u16) -> Result<Listeners, Refusal> {
    refuse_a_stranger_on_all_addresses(port)?;
    let (v4, port) = listen(SocketAddr::new(LOOPBACK_V4, port))?;
    let sockets = match listen(SocketAddr::new(LOOPBACK_V6, port)) {
        Ok((v6, _)) => vec![v4, v6],
        Err(Refusal { source, .. }) if is_without_ipv6(&source) => vec![v4],
        Err(refusal) => return Err(refusal),
    };
    refuse_an_address_without_a_way(SocketAddr::new(LOOPBACK_V4, port))?;
    Ok(Listeners { port, sockets })
}

/// On Unix, std sets `SO_REUSEADDR`, so that the last run's connections in `TIME_WAIT` are no
/// obstacle. `SO_REUSEPORT` would let a stranger share the port and is never set.
fn listen(address: SocketAddr) -> Result<(TcpListener, u16), Refusal> {
    let bind = || {
        let listener = TcpListener::bind(address)?;
        lengthen_the_queue(&listener)?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    };
    bind().map_err(|source| Refusal { address, source })
}

/// std asks for 128 connections that wait to be accepted. A crowd fills that, and then the browser's
/// is dropped without a word, and comes again a second later. The system caps the number.
#[cfg(unix)]
fn lengthen_the_queue(listener: &TcpListener) -> io::Result<()> {
    const LONG: i32 = 4096;
    Ok(rustix::net::listen(listener, LONG)?)
}

#[cfg(not(unix))]
fn lengthen_the_queue(_listener: &TcpListener) -> io::Result<()> {
    Ok(())
}

/// Linux lets an address be bound while its interface is down, and nobody could come. A datagram
/// socket finds its way when it is connected, and sends nothing.
fn refuse_an_address_without_a_way(address: SocketAddr) -> Result<(), Refusal> {
    let find = || UdpSocket::bind(SocketAddr::new(address.ip(), ANY))?.connect(address);
    find().map_err(|source| Refusal { address, source })
}

/// Linux refuses a loopback address while somebody listens on all of them. Other systems let the
/// more specific address win, so there the wildcard is bound for a moment to see whether it is free;
/// without listening, so nobody can connect to it.
fn refuse_a_stranger_on_all_addresses(port: u16) -> Result<(), Refusal> {
    if cfg!(target_os = "linux") || port == 0 {
        return Ok(());
    }
    for ip in [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)] {
        let address = SocketAddr::new(ip, port);
        match bind_without_listening(address) {
            Err(source) if source.kind() == io::ErrorKind::AddrInUse => {
                return Err(Refusal { address, source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn bind_without_listening(address: SocketAddr) -> io::Result<()> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(cfg!(unix))?;
    socket.bind(address)
}

/// The only two refusals of `[::1]` that say "there is no IPv6 here" and not "somebody else is".
fn is_without_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(ADDRESS_FAMILY_NOT_SUPPORTED)
}

/// `EAFNOSUPPORT`, for which std has no stable name.
const ADDRESS_FAMILY_NOT_SUPPORTED: i32 = if cfg!(windows) {
    10047
} else if cfg!(any(target_os = "linux", target_os = "android")) {
    97
} else {
    47
};

#[cfg(test)]
mod tests {
    use super::*;

    // threats 57
    #[test]
    fn only_a_machine_without_ipv6_does_without_ipv6() {
        let refusal = |code| is_without_ipv6(&io::Error::from_raw_os_error(code));
        assert!(refusal(ADDRESS_FAMILY_NOT_SUPPORTED));
        assert!(is_without_ipv6(&io::ErrorKind::AddrNotAvailable.into()));
        for kind in [io::ErrorKind::AddrInUse, io::ErrorKind::PermissionDenied] {
            assert!(!is_without_ipv6(&kind.into()), "{kind:?}");
        }
    }

    // threats 59
    #[test]
    fn a_wildcard_that_is_taken_is_seen_without_listening() {
        let stranger = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let taken = stranger.local_addr().unwrap();
        let seen = bind_without_listening(taken).unwrap_err();
        assert_eq!(seen.kind(), io::ErrorKind::AddrInUse);
        drop(stranger);
        bind_without_listening(taken).unwrap();
    }
}
