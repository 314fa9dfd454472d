//! Binds one port on both loopback addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use tokio::net::TcpSocket;

use crate::BindError;

/// The listeners of one port.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) port: u16,
    /// On `127.0.0.1` and, if the machine has IPv6, on `[::1]`.
    pub(crate) sockets: Vec<TcpListener>,
}

/// Any free port.
pub(crate) const ANY_PORT: u16 = 0;

const LOOPBACK_V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOOPBACK_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

impl BindError {
    /// Whether another process has the address.
    pub(crate) fn is_address_in_use(&self) -> bool {
        matches!(self, Self::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
    }
}

fn listen_error(address: SocketAddr) -> impl Fn(io::Error) -> BindError {
    move |source| BindError::Listen { address, source }
}

/// Listens on both addresses, or on neither.
pub(crate) fn listen_on(port: u16) -> Result<Listeners, BindError> {
    /// A port that the system picks for IPv4 may be in use on IPv6. That never happens this often in a row.
    const MAX_ATTEMPTS: usize = 16;
    let mut attempts = 1;
    loop {
        match listen_on_both(port) {
            Err(error)
                if port == ANY_PORT && error.is_address_in_use() && attempts < MAX_ATTEMPTS =>
            {
                attempts += 1;
            }
            outcome => return outcome,
        }
    }
}

fn listen_on_both(port: u16) -> Result<Listeners, BindError> {
    check_all_addresses(port)?;
    let (v4, port) = listen(SocketAddr::new(LOOPBACK_V4, port))?;
    let sockets = match listen(SocketAddr::new(LOOPBACK_V6, port)) {
        Ok((v6, _)) => vec![v4, v6],
        Err(BindError::Listen { source, .. }) if is_ipv6_missing(&source) => vec![v4],
        Err(error) => return Err(error),
    };
    check_route(SocketAddr::new(LOOPBACK_V4, port))?;
    Ok(Listeners { port, sockets })
}

/// On Unix, std sets `SO_REUSEADDR`, so connections of an earlier run in `TIME_WAIT` do not block the port.
/// `SO_REUSEPORT` is never set: another program could share the port.
fn listen(address: SocketAddr) -> Result<(TcpListener, u16), BindError> {
    let bind = || {
        let listener = TcpListener::bind(address)?;
        set_backlog(&listener)?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    };
    bind().map_err(listen_error(address))
}

/// std's backlog is 128 connections. A flood fills it; the system then drops the browser's connection, which
/// costs the browser a second. The system caps this number.
#[cfg(unix)]
fn set_backlog(listener: &TcpListener) -> io::Result<()> {
    const BACKLOG: i32 = 4096;
    Ok(rustix::net::listen(listener, BACKLOG)?)
}

#[cfg(not(unix))]
fn set_backlog(_listener: &TcpListener) -> io::Result<()> {
    Ok(())
}

/// Linux binds an address of an interface that is down, which no browser can reach. Connecting a datagram
/// socket looks up the route and sends nothing.
fn check_route(address: SocketAddr) -> Result<(), BindError> {
    let connect = || UdpSocket::bind(SocketAddr::new(address.ip(), ANY_PORT))?.connect(address);
    connect().map_err(listen_error(address))
}

/// Linux refuses a loopback address while another process listens on all addresses. On other systems the more
/// specific address wins, so this binds the wildcard address for a moment, without listening.
fn check_all_addresses(port: u16) -> Result<(), BindError> {
    if cfg!(target_os = "linux") || port == ANY_PORT {
        return Ok(());
    }
    for ip in [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)] {
        let address = SocketAddr::new(ip, port);
        match bind_without_listening(address).map_err(listen_error(address)) {
            Err(error) if error.is_address_in_use() => return Err(error),
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

/// The two errors for `[::1]` that mean "no IPv6 on this machine".
fn is_ipv6_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(ADDRESS_FAMILY_NOT_SUPPORTED)
}

/// `EAFNOSUPPORT`: std has no stable name for it.
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
    fn only_a_missing_ipv6_is_tolerated() {
        let not_supported = io::Error::from_raw_os_error(ADDRESS_FAMILY_NOT_SUPPORTED);
        assert!(is_ipv6_missing(&not_supported));
        assert!(is_ipv6_missing(&io::ErrorKind::AddrNotAvailable.into()));
        for kind in [io::ErrorKind::AddrInUse, io::ErrorKind::PermissionDenied] {
            assert!(!is_ipv6_missing(&kind.into()), "{kind:?}");
        }
    }

    // threats 59
    #[test]
    fn only_an_address_in_use_means_another_program() {
        let error =
            |kind: io::ErrorKind| listen_error(SocketAddr::new(LOOPBACK_V4, 1))(kind.into());
        assert!(error(io::ErrorKind::AddrInUse).is_address_in_use());
        assert!(!error(io::ErrorKind::PermissionDenied).is_address_in_use());
        assert!(!BindError::PortsInUse { taken: Vec::new() }.is_address_in_use());
    }

    // threats 59
    #[test]
    fn port_held_on_all_addresses_is_in_use() {
        let other_program = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let address = other_program.local_addr().unwrap();
        let error = bind_without_listening(address).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(other_program);
        bind_without_listening(address).unwrap();
    }
}
