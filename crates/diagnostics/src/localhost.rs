use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};

use crate::status::Status;

/// What `localhost` is here. The browser looks it up to come back.
#[derive(Debug)]
pub enum LocalhostFinding {
    /// It has these addresses.
    Addresses(BTreeSet<IpAddr>),
    /// It has no address. Most browsers know the name by themselves.
    Unresolved(io::Error),
    /// The system does not answer.
    TimedOut,
}

/// The callback server listens on these two, and on no other.
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
            // A browser tries the next address where nothing listens.
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
    fn localhost_has_the_addresses_that_the_callback_server_listens_on() {
        assert_status(&["::1", "127.0.0.1", "::1"], Status::Ok);
        assert_status(&["127.0.0.1"], Status::Note);
        assert_status(&["127.0.0.1", "10.0.0.7"], Status::Warning);
        assert_status(&["10.0.0.7"], Status::Problem);
        assert_status(&["127.0.1.1"], Status::Problem);
    }

    #[test]
    fn an_unknown_localhost_does_not_rule_a_sign_in_out() {
        let unresolved = LocalhostFinding::Unresolved(io::Error::other("no such name"));
        assert_eq!(unresolved.status(), Status::Warning);
    }
}
