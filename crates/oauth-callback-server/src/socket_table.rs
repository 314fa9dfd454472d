//! Linux's table of TCP sockets, `/proc/net/tcp` and `/proc/net/tcp6` (proc(5)): who owns a socket,
//! without a connection to it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The two halves of the table.
#[derive(Clone, Copy)]
pub(crate) enum Family {
    V4,
    V6,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) listening: bool,
    pub(crate) uid: u32,
    pub(crate) inode: u64,
}

impl Socket {
    /// Whether it listens where we would: on a loopback address, or on all of them.
    pub(crate) fn is_in_the_way_on(&self, port: u16) -> bool {
        let ip = self.local.ip().to_canonical();
        self.listening && self.local.port() == port && (ip.is_loopback() || ip.is_unspecified())
    }
}

/// The sockets of one family that the system shows; none when it shows no table. They are read one by
/// one: whoever floods us makes the table long, and it must not cost memory.
pub(crate) fn sockets(family: Family) -> impl Iterator<Item = Socket> {
    let path = match family {
        Family::V4 => "/proc/net/tcp",
        Family::V6 => "/proc/net/tcp6",
    };
    File::open(path).into_iter().flat_map(|table| parse(BufReader::new(table)))
}

/// The user who has the socket with these two ends open, as far as the table tells.
pub(crate) fn owner(local: SocketAddr, remote: SocketAddr) -> Option<u32> {
    let mut table = sockets(match local {
        SocketAddr::V4(_) => Family::V4,
        SocketAddr::V6(_) => Family::V6,
    });
    let socket = table.find(|it| (it.local, it.remote) == (local, remote))?;
    // Of a socket that no process has open, the user is not known any more.
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

/// An address is printed as 32-bit words in the machine's own byte order.
fn parse_ip(text: &str) -> Option<IpAddr> {
    match *words(text)?.as_slice() {
        [word] => Some(Ipv4Addr::from(word.to_ne_bytes()).into()),
        [a, b, c, d] => {
            let words = [a, b, c, d].map(u32::to_ne_bytes);
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

fn words(text: &str) -> Option<Vec<u32>> {
    let chunks = text.as_bytes().chunks(8);
    chunks.map(|chunk| u32::from_str_radix(std::str::from_utf8(chunk).ok()?, 16).ok()).collect()
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    const V4: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:05AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0000000000000000 100 0 0 10 0
   1: 0100007F:05AF 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 777 1 0000000000000000 20 4 30 10 -1
";
    const V6: &str = "   0: 00000000000000000000000001000000:05AF 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 65534        0 99 1 0000000000000000 100 0 0 10 0";

    // threats 60
    #[test]
    fn a_line_tells_address_user_and_inode() {
        let sockets: Vec<_> = parse(V4.as_bytes()).collect();
        assert_eq!(sockets.len(), 2);
        assert_eq!(sockets[0].local, "127.0.0.1:1455".parse().unwrap());
        assert_eq!((sockets[0].uid, sockets[0].inode), (1000, 12345));
        assert!(sockets[0].is_in_the_way_on(1455));
        assert!(!sockets[0].is_in_the_way_on(1457));
        assert_eq!(sockets[1].remote, "127.0.0.1:50000".parse().unwrap());
        assert!(!sockets[1].is_in_the_way_on(1455));
    }

    // threats 60
    #[test]
    fn an_ipv6_line_is_read_too() {
        let socket = parse(V6.as_bytes()).next().unwrap();
        assert_eq!(socket.local, "[::1]:1455".parse().unwrap());
        assert_eq!(socket.uid, 65534);
        assert!(socket.is_in_the_way_on(1455));
    }

    // threats 65 217
    #[test]
    fn a_connection_of_our_own_is_ours() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = listener.local_addr().unwrap();
        let client = std::net::TcpStream::connect(ours).unwrap();
        let theirs = client.local_addr().unwrap();
        assert!(sockets(Family::V4).any(|it| it.listening && it.local == ours));
        assert_eq!(owner(theirs, ours), Some(rustix::process::geteuid().as_raw()));
        drop(client);
        assert_eq!(owner(theirs, ours), None);
    }

    #[test]
    fn what_is_no_table_has_no_sockets() {
        for text in ["", "sl", "0: zz:1 00:0 0A", "0: 0100007F 0100007F:C350 01"] {
            assert_eq!(parse(text.as_bytes()).next(), None);
        }
    }
}
