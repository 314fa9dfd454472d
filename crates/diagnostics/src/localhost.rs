use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};

use crate::status::Status;

/// The addresses of `localhost`, which the browser looks up for the redirect URI.
#[derive(Debug)]
pub enum LocalhostFinding {
    /// It has these addresses.
    Addresses(BTreeSet<IpAddr>),
    /// It has no address. Most browsers resolve the name themselves.
    Unresolved(io::Error),
    /// The lookup takes too long.
    TimedOut,
}

/// The addresses that the callback server listens on.
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

pub(crate) fn check() -> Vec<(Status, LocalhostFinding)> {
    let found = ("localhost", 0).to_socket_addrs();
    let finding = match found {
        Ok(all) => LocalhostFinding::Addresses(all.map(|address| address.ip()).collect()),
        Err(error) => LocalhostFinding::Unresolved(error),
    };
    vec![(finding.status(), finding)]
}

pub(crate) fn timed_out() -> (Status, LocalhostFinding) {
    (LocalhostFinding::TimedOut.status(), LocalhostFinding::TimedOut)
}

impl LocalhostFinding {
    fn status(&self) -> Status {
        let Self::Addresses(all) = self else { return Status::Warning };
        match all.iter().filter(|address| LOOPBACK.contains(address)).count() {
            0 => Status::Problem,
            // A browser tries the next address if nothing listens on the first.
            right if right < all.len() => Status::Warning,
            1 => Status::Note,
            _ => Status::Ok,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_status(addresses: &[&str], status: Status) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        assert_eq!(LocalhostFinding::Addresses(addresses).status(), status);
    }

    #[test]
    fn status_depends_on_the_loopback_addresses_of_localhost() {
        assert_status(&["::1", "127.0.0.1", "::1"], Status::Ok);
        assert_status(&["127.0.0.1"], Status::Note);
        assert_status(&["127.0.0.1", "10.0.0.7"], Status::Warning);
        assert_status(&["10.0.0.7"], Status::Problem);
        assert_status(&["127.0.1.1"], Status::Problem);
    }

    #[test]
    fn unresolved_localhost_is_a_warning() {
        let unresolved = LocalhostFinding::Unresolved(io::Error::other("no such name"));
        assert_eq!(unresolved.status(), Status::Warning);
    }
}
