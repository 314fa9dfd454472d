//! Who owns the other end of a connection, asked of Linux for that one socket (`sock_diag(7)`): the table in
//! `/proc/net` is read as a whole, and a flood makes it long.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::net::{recv, sendto, socket_with};

/// A socket of the kernel's own kind, for such questions.
pub(crate) struct SockDiag(OwnedFd);

// From linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
const HEADER: usize = 16;
const REQUEST: u16 = 1;
const BY_FAMILY: u16 = 20;
const ERROR: u16 = 2;
const TCP: u8 = 6;
const ANY_STATE: u32 = u32::MAX;
const NO_COOKIE: [u8; 8] = [0xff; 8];

impl SockDiag {
    pub(crate) fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (family, kind) = (AddressFamily::NETLINK, SocketType::DGRAM);
        Ok(Self(socket_with(family, kind, flags, Some(SOCK_DIAG))?))
    }

    /// The user who owns the socket with these two ends; `None` where there is none. Of one that its
    /// process has closed already, a newer kernel still knows the user, and an older one says root.
    pub(crate) fn owner(&self, local: SocketAddr, remote: SocketAddr) -> io::Result<Option<u32>> {
        let kernel = SocketAddrNetlink::new(0, 0);
        sendto(&self.0, &request(local, remote), SendFlags::empty(), &kernel)?;
        let mut answer = [0; 512];
        // The kernel answers before the question returns.
        let (length, _) = recv(&self.0, &mut answer[..], RecvFlags::empty())?;
        read(&answer[..length], remote)
    }
}

/// `nlmsghdr`, and an `inet_diag_req_v2` behind it.
fn request(local: SocketAddr, remote: SocketAddr) -> Vec<u8> {
    let family = if local.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let mut body = vec![u8::try_from(family.as_raw()).unwrap_or_default(), TCP, 0, 0];
    body.extend(ANY_STATE.to_ne_bytes());
    body.extend([local.port(), remote.port()].map(u16::to_be_bytes).concat());
    body.extend([octets(local.ip()), octets(remote.ip())].concat());
    // Whichever interface it is on.
    body.extend([0; 4]);
    body.extend(NO_COOKIE);
    let mut message = u32::try_from(HEADER + body.len()).unwrap_or_default().to_ne_bytes().to_vec();
    message.extend([BY_FAMILY, REQUEST].map(u16::to_ne_bytes).concat());
    // The number of the question, and who asks: nobody has to tell answers apart.
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

/// An `inet_diag_msg`, or an error.
fn read(answer: &[u8], remote: SocketAddr) -> io::Result<Option<u32>> {
    const REMOTE_PORT: usize = HEADER + 6;
    const UID: usize = HEADER + 64;
    let word = |at: usize| Some(u32::from_ne_bytes(answer.get(at..at + 4)?.try_into().ok()?));
    let half = |at: usize| answer.get(at..at + 2)?.try_into().ok();
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    match half(4).map(u16::from_ne_bytes) {
        Some(BY_FAMILY) => {
            // Where no connection has these ends, a socket that listens at the first may be found.
            let is_it = half(REMOTE_PORT).map(u16::from_be_bytes) == Some(remote.port());
            let uid = word(UID).ok_or_else(broken)?;
            Ok(is_it.then_some(uid))
        }
        Some(ERROR) => {
            let code = word(HEADER).ok_or_else(broken)?.wrapping_neg();
            let error = Errno::from_raw_os_error(i32::try_from(code).map_err(|_| broken())?);
            if error == Errno::NOENT { Ok(None) } else { Err(error.into()) }
        }
        _ => Err(broken()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    // threats 217
    #[test]
    fn the_user_of_the_other_end_is_found() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (ours, theirs) = (client.peer_addr().unwrap(), client.local_addr().unwrap());
            let diag = SockDiag::open().unwrap();
            let us = rustix::process::geteuid().as_raw();
            assert_eq!(diag.owner(theirs, ours).unwrap(), Some(us));
            drop(client);
            let closed = diag.owner(theirs, ours).unwrap();
            assert!([None, Some(us), Some(0)].contains(&closed), "{closed:?}");
            let nobody = SocketAddr::new(theirs.ip(), 1);
            assert_eq!(diag.owner(ours, nobody).unwrap(), None, "one that listens is none");
        }
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        let remote = "127.0.0.1:1".parse().unwrap();
        for answer in [&[][..], &[0; 16], &[0xff; 100]] {
            assert!(read(answer, remote).is_err());
        }
    }
}
