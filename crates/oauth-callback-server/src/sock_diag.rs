//! Asks Linux for one TCP socket (`sock_diag(7)`). The tables in `/proc/net` have all sockets, and a flood makes
//! them long.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::net::{recv, sendto, socket_with};

// From linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
const HEADER: usize = 16;
const REQUEST: u16 = 1;
const BY_FAMILY: u16 = 20;
const ERROR: u16 = 2;
const TCP: u8 = 6;
const ANY_STATE: u32 = u32::MAX;
const NO_COOKIE: [u8; 8] = [0xff; 8];

/// A TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) uid: u32,
    pub(crate) inode: u32,
}

/// The socket that listens on this address, or on all addresses at this port.
pub(crate) fn listener(address: SocketAddr) -> io::Result<Option<Socket>> {
    let unspecified: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    connection(address, SocketAddr::new(unspecified, 0))
}

/// The socket with these two ends. If its process has closed it, newer kernels still report the user, and older ones
/// root.
pub(crate) fn connection(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<Socket>> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(SOCK_DIAG))?;
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&socket, &request(local, remote), SendFlags::empty(), &kernel)?;
    let mut response = [0; 512];
    // The kernel has responded when `sendto` returns.
    let (length, _) = recv(&socket, &mut response[..], RecvFlags::empty())?;
    parse(&response[..length], remote)
}

/// A `nlmsghdr`, then an `inet_diag_req_v2`.
fn request(local: SocketAddr, remote: SocketAddr) -> Vec<u8> {
    let family = if local.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let mut body = vec![u8::try_from(family.as_raw()).unwrap_or_default(), TCP, 0, 0];
    body.extend(ANY_STATE.to_ne_bytes());
    body.extend([local.port(), remote.port()].map(u16::to_be_bytes).concat());
    body.extend([octets(local.ip()), octets(remote.ip())].concat());
    // Any interface.
    body.extend([0; 4]);
    body.extend(NO_COOKIE);
    let mut message = u32::try_from(HEADER + body.len()).unwrap_or_default().to_ne_bytes().to_vec();
    message.extend([BY_FAMILY, REQUEST].map(u16::to_ne_bytes).concat());
    // Sequence number and port id: this socket has only one request.
    message.extend([0; 8]);
    message.extend(body);
    message
}

fn octets(ip: IpAddr) -> [u8; 16] {
    let mut all = [0; 16];
    match ip {
        IpAddr::V4(v4) => all[..4].copy_from_slice(&v4.octets()),
        IpAddr::V6(v6) => all = v6.octets(),
    }
    all
}

/// Parses an `inet_diag_msg`, or an error.
fn parse(response: &[u8], remote: SocketAddr) -> io::Result<Option<Socket>> {
    const REMOTE_PORT: usize = HEADER + 6;
    const UID: usize = HEADER + 64;
    const INODE: usize = HEADER + 68;
    let word = |at: usize| Some(u32::from_ne_bytes(response.get(at..at + 4)?.try_into().ok()?));
    let half = |at: usize| response.get(at..at + 2)?.try_into().ok();
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    match half(4).map(u16::from_ne_bytes) {
        Some(BY_FAMILY) => {
            // Without such a connection, the kernel may return a listening socket.
            let is_connection = half(REMOTE_PORT).map(u16::from_be_bytes) == Some(remote.port());
            let uid = word(UID).ok_or_else(invalid)?;
            let inode = word(INODE).ok_or_else(invalid)?;
            Ok(is_connection.then_some(Socket { uid, inode }))
        }
        Some(ERROR) => {
            let code = word(HEADER).ok_or_else(invalid)?.wrapping_neg();
            let error = Errno::from_raw_os_error(i32::try_from(code).map_err(|_| invalid())?);
            if error == Errno::NOENT { Ok(None) } else { Err(error.into()) }
        }
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    // threats 217
    #[test]
    fn other_end_of_a_connection_has_its_user() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (local, peer) = (client.peer_addr().unwrap(), client.local_addr().unwrap());
            let uid = |socket: io::Result<Option<Socket>>| socket.unwrap().map(|it| it.uid);
            let euid = rustix::process::geteuid().as_raw();
            assert_eq!(uid(connection(peer, local)), Some(euid));
            drop(client);
            let closed = uid(connection(peer, local));
            assert!([None, Some(euid), Some(0)].contains(&closed), "{closed:?}");
            let unconnected = SocketAddr::new(peer.ip(), 1);
            assert_eq!(uid(connection(local, unconnected)), None, "a listening socket");
        }
    }

    // threats 60
    #[test]
    fn listener_is_found_on_its_address_and_on_all_addresses() {
        for (address, loopback) in [
            ("127.0.0.1:0", "127.0.0.1"),
            ("0.0.0.0:0", "127.0.0.1"),
            ("[::1]:0", "::1"),
            ("[::]:0", "::1"),
            ("[::]:0", "127.0.0.1"),
        ] {
            let Ok(other_program) = TcpListener::bind(address) else { continue };
            let port = other_program.local_addr().unwrap().port();
            let found = listener(SocketAddr::new(loopback.parse().unwrap(), port));
            let found = found.unwrap().unwrap();
            assert_eq!(found.uid, rustix::process::geteuid().as_raw(), "{address}");
            assert_ne!(found.inode, 0);
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(listener(free).unwrap(), None);
    }

    #[test]
    fn invalid_response_is_an_error() {
        let remote = "127.0.0.1:1".parse().unwrap();
        for response in [&[][..], &[0; 16], &[0xff; 100]] {
            assert!(parse(response, remote).is_err());
        }
    }
}
