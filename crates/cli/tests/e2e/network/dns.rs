//! Names that have no address, and addresses of which only some are good.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};
use std::time::Duration;

use super::black_hole::BlackHole;
use super::name_server::{NAME_ERROR, NOT_IMPLEMENTED, REFUSED, Reply, SERVER_FAILURE, serve};
use super::{PORT, SignedIn, in_network_namespace};
use crate::support::report_skipped;

const GOOD: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OTHER: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

const NO_ADDRESS: &str = "check the network connection and --issuer; a network with a proxy needs its \
                          address in HTTPS_PROXY";

/// No address of it is found, and the person waits no longer than this to be told.
#[track_caller]
fn assert_no_address(name: &str, longest: Duration) {
    let person = SignedIn::at(format!("{name}:{PORT}"));
    let (finished, took) = person.refreshes();
    finished.exits(1).prints("").says(&format!(
        "error: cannot refresh the access token: cannot find the address of {name}:{PORT}: "
    ));
    assert!(finished.error_lines().ends_with(&format!("\nhint: {NO_ADDRESS}\n")));
    assert!(took < longest, "{name}: {took:?}");
    person.assert_unchanged();
}

// threats 90
#[test]
fn name_without_address_fails_immediately() {
    in_network_namespace("dns::name_without_address_fails_immediately", || {
        let replies = [
            ("missing.test", NAME_ERROR),
            ("failing.test", SERVER_FAILURE),
            ("unknown.test", NOT_IMPLEMENTED),
            ("refused.test", REFUSED),
            ("empty.test", Reply::Addresses(Vec::new())),
        ];
        let Some(()) = serve("", &replies) else { return };
        for (name, _) in replies {
            assert_no_address(name, Duration::from_secs(4));
        }
    });
}

/// Such as in a hotel before its page was clicked through.
// threats 90
#[test]
fn resolver_failure_is_reported() {
    in_network_namespace("dns::resolver_failure_is_reported", || {
        let replies = [("silent.test", Reply::Nothing), ("garbled.test", Reply::Garbage)];
        let Some(()) = serve("options timeout:1 attempts:1", &replies) else { return };
        for (name, _) in replies {
            assert_no_address(name, Duration::from_secs(5));
        }
    });
}

/// Half of the addresses of a server are no way to it, as where IPv6 is announced and leads nowhere.
// threats 90
#[test]
fn reachable_address_is_used_if_another_is_unreachable() {
    in_network_namespace("dns::reachable_address_is_used_if_another_is_unreachable", || {
        let both = Reply::Addresses(vec![OTHER, GOOD]);
        let Some(()) = serve("", &[("issuer.test", both)]) else { return };
        let mut found = ("issuer.test", PORT).to_socket_addrs().unwrap();
        if found.next().map(|first| first.ip()) != Some(OTHER) {
            return report_skipped("a bad address before a good one: this machine prefers IPv4");
        }
        // Nobody is on the other one yet.
        let person = SignedIn::at_the_issuer("issuer.test");
        let (refused, _) = person.refreshes();
        refused.exits(0).prints("");
        let _swallowed = BlackHole::at((OTHER, PORT));
        let (swallowed, took) = person.refreshes();
        swallowed.exits(0).prints("");
        // A second for the network, and one for a program that is not optimised.
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(person.requests(), 2);
        person.assert_renewed();
    });
}
