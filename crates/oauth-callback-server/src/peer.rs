//! Whose the other end of a connection is. Every user of the machine can connect to a loopback port, and
//! can read the authorization URL from the arguments of a browser.

use std::fs;
use std::net::SocketAddr;

use crate::sock_diag::SockDiag;
use crate::socket_table;

/// Asks the system, at the cost of a moment. `None` where it cannot be asked like this.
pub(crate) fn ask_whether_stranger(ours: SocketAddr, theirs: SocketAddr) -> Option<bool> {
    let owner = SockDiag::open().and_then(|diag| diag.owner(theirs, ours)).ok()?;
    Some(owner.is_some_and(is_stranger))
}

/// Looks it up in the table of all sockets, which may be long.
pub(crate) fn look_up_whether_stranger(ours: SocketAddr, theirs: SocketAddr) -> bool {
    socket_table::owner(theirs, ours).is_some_and(is_stranger)
}

/// The superuser's relays (of a virtual machine, of a container) are no strangers: nothing can be kept
/// from them anyway. Nor is somebody whom the system does not tell.
fn is_stranger(uid: u32) -> bool {
    let ours = rustix::process::geteuid().as_raw();
    let map = || fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    uid != ours && uid != SUPERUSER && is_known(uid, &map())
}

const SUPERUSER: u32 = 0;

/// In a user namespace, whoever is outside of it has one number, that of nobody in it
/// (`user_namespaces(7)`).
fn is_known(uid: u32, map: &str) -> bool {
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
    fn only_another_user_who_is_known_is_a_stranger() {
        let ours = rustix::process::geteuid().as_raw();
        assert!(!is_stranger(ours) && !is_stranger(SUPERUSER));
        let whole = "         0          0 4294967295\n";
        let one = "         0       1000          1\n";
        let two = "0 1000 1\n1 100000 65536\n";
        for (uid, map, known) in [
            (1001, whole, true),
            (65534, whole, true),
            (65534, one, false),
            (1001, one, false),
            (65534, two, true),
            (65537, two, false),
            (1001, "", true),
        ] {
            assert_eq!(is_known(uid, map), known, "{uid} {map}");
        }
    }
}
