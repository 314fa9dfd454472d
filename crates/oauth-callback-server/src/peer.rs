//! Which user has the other end of a connection. Every user of the machine can connect to a loopback port, and
//! may be able to read the authorization URL from the arguments of a browser.

use std::fs;
use std::net::SocketAddr;

use crate::sock_diag;

/// Whether another user has the other end, as far as the system reports it.
pub(crate) fn is_other_user(local: SocketAddr, peer: SocketAddr) -> bool {
    let socket = sock_diag::connection(peer, local).ok().flatten();
    socket.is_some_and(|socket| is_other(socket.uid))
}

/// Root is not another user: relays of virtual machines and containers run as root, and nothing can be hidden
/// from root. An unknown user is not another user either.
fn is_other(uid: u32) -> bool {
    let euid = rustix::process::geteuid().as_raw();
    let map = || fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    uid != euid && uid != ROOT && is_mapped(uid, &map())
}

const ROOT: u32 = 0;

/// In a user namespace, all users outside of it have the same uid, which is not in its map
/// (`user_namespaces(7)`).
fn is_mapped(uid: u32, map: &str) -> bool {
    let has = |line: &str| {
        let mut numbers = line.split_ascii_whitespace().map(str::parse::<u32>);
        let (first, _, count) = (numbers.next()?.ok()?, numbers.next()?, numbers.next()?.ok()?);
        Some(uid >= first && uid - first < count)
    };
    map.is_empty() || map.lines().any(|line| has(line) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 217
    #[test]
    fn another_user_is_one_with_a_mapped_uid_that_is_not_ours_or_root() {
        assert!(!is_other(rustix::process::geteuid().as_raw()) && !is_other(ROOT));
        let whole = "         0          0 4294967295\n";
        let one = "         0       1000          1\n";
        let two = "0 1000 1\n1 100000 65536\n";
        for (uid, map, mapped) in [
            (1001, whole, true),
            (65534, whole, true),
            (65534, one, false),
            (1001, one, false),
            (65534, two, true),
            (65537, two, false),
            (1001, "", true),
        ] {
            assert_eq!(is_mapped(uid, map), mapped, "{uid} {map}");
        }
    }
}
