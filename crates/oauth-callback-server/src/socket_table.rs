//! Linux's tables of TCP sockets, `/proc/net/tcp` and `/proc/net/tcp6` (`proc(5)`): which user has a socket.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr};

/// One line of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) listening: bool,
    pub(crate) uid: u32,
    pub(crate) inode: u64,
}

impl Socket {
    /// Whether it listens on a loopback address, or on all addresses, at this port.
    pub(crate) fn blocks(&self, port: u16) -> bool {
        let ip = self.local.ip().to_canonical();
        self.listening && self.local.port() == port && (ip.is_loopback() || ip.is_unspecified())
    }
}

/// All sockets; none if the system has no tables. They are read line by line, because a flood makes the tables
/// long.
pub(crate) fn sockets() -> impl Iterator<Item = Socket> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().map(File::open);
    tables.flatten().flat_map(|table| parse(BufReader::new(table)))
}

/// The user who has the socket with these two ends.
pub(crate) fn owner(local: SocketAddr, remote: SocketAddr) -> Option<u32> {
    let socket = sockets().find(|it| (it.local, it.remote) == (local, remote))?;
    // A socket that no process has open has no known user.
    (socket.inode != 0).then_some(socket.uid)
}

fn parse(table: impl BufRead) -> impl Iterator<Item = Socket> {
    table.lines().map_while(Result::ok).filter_map(|line| parse_line(&line))
}

fn parse_line(line: &str) -> Option<Socket> {
    const LISTEN: &str = "0A";
    let mut fields = line.split_ascii_whitespace();
    let local = parse_address(fields.nth(1)?)?;
    let remote = parse_address(fields.next()?)?;
    let listening = fields.next()? == LISTEN;
    let uid = fields.nth(3)?.parse().ok()?;
    let inode = fields.nth(1)?.parse().ok()?;
    Some(Socket { local, remote, listening, uid, inode })
}

fn parse_address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(SocketAddr::new(parse_ip(ip)?, port))
}

/// The table has addresses as 32-bit words in the byte order of the machine.
fn parse_ip(text: &str) -> Option<IpAddr> {
    let word = |chunk| u32::from_str_radix(std::str::from_utf8(chunk).ok()?, 16).ok();
    let words: Option<Vec<u32>> = text.as_bytes().chunks(8).map(word).collect();
    let octets: Vec<u8> = words?.into_iter().flat_map(u32::to_ne_bytes).collect();
    let v4 = <[u8; 4]>::try_from(octets.as_slice()).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets.as_slice()).map(IpAddr::from)).ok()
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;

    const V4: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:05AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0000000000000000 100 0 0 10 0
   1: 0100007F:05AF 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 777 1 0000000000000000 20 4 30 10 -1
";
    const V6: &str = "   0: 00000000000000000000000001000000:05AF 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 65534        0 99 1 0000000000000000 100 0 0 10 0";

    // threats 60
    #[test]
    fn ipv4_line_has_address_user_and_inode() {
        let sockets: Vec<_> = parse(V4.as_bytes()).collect();
        assert_eq!(sockets.len(), 2);
        assert_eq!(sockets[0].local, "127.0.0.1:1455".parse().unwrap());
        assert_eq!((sockets[0].uid, sockets[0].inode), (1000, 12345));
        assert!(sockets[0].blocks(1455));
        assert!(!sockets[0].blocks(1457));
        assert_eq!(sockets[1].remote, "127.0.0.1:50000".parse().unwrap());
        assert!(!sockets[1].blocks(1455));
    }

    // threats 60
    #[test]
    fn ipv6_line_has_address_and_user() {
        let socket = parse(V6.as_bytes()).next().unwrap();
        assert_eq!(socket.local, "[::1]:1455".parse().unwrap());
        assert_eq!(socket.uid, 65534);
        assert!(socket.blocks(1455));
    }

    // threats 65 217
    #[test]
    fn owner_of_a_connection_of_this_process_is_its_user() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let local = listener.local_addr().unwrap();
        let client = std::net::TcpStream::connect(local).unwrap();
        let peer = client.local_addr().unwrap();
        assert!(sockets().any(|it| it.listening && it.local == local));
        assert_eq!(owner(peer, local), Some(rustix::process::geteuid().as_raw()));
        drop(client);
        assert_eq!(owner(peer, local), None);
    }

    #[test]
    fn invalid_table_has_no_sockets() {
        for text in ["", "sl", "0: zz:1 00:0 0A", "0: 0100007F 0100007F:C350 01"] {
            assert_eq!(parse(text.as_bytes()).next(), None);
        }
    }
}
