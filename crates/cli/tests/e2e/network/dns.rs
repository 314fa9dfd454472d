//! Host names without address, and addresses that partly work.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};
use std::time::Duration;

use super::black_hole::BlackHole;
use super::name_server::{NAME_ERROR, NOT_IMPLEMENTED, REFUSED, Reply, SERVER_FAILURE, serve};
use super::{PORT, SignedIn, in_network_namespace};
use crate::support::{has_musl, report_skipped};

const GOOD: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OTHER: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

const NO_ADDRESS: &str = "check the network connection and --issuer; a network with a proxy needs its \
                          address in HTTPS_PROXY";

/// musl ignores an error of a name server, gives up after 5 seconds, and is asked again.
fn longest() -> Duration {
    Duration::from_secs(if has_musl() { 12 } else { 4 })
}

/// No address is found, and the error comes within `longest`.
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
fn unresolvable_host_fails_within_seconds() {
    in_network_namespace("dns::unresolvable_host_fails_within_seconds", || {
        let replies = [
            ("missing.test", NAME_ERROR),
            ("failing.test", SERVER_FAILURE),
            ("unknown.test", NOT_IMPLEMENTED),
            ("refused.test", REFUSED),
            ("empty.test", Reply::Addresses(Vec::new())),
        ];
        let Some(()) = serve("", &replies) else { return };
        for (name, _) in replies {
            assert_no_address(name, longest());
        }
    });
}

/// For example a hotel network before its login page.
// threats 90
#[test]
fn resolver_failure_is_reported() {
    in_network_namespace("dns::resolver_failure_is_reported", || {
        let replies = [("silent.test", Reply::Nothing), ("garbled.test", Reply::Garbage)];
        let Some(()) = serve("options timeout:1 attempts:1", &replies) else { return };
        for (name, _) in replies {
            assert_no_address(name, longest() + Duration::from_secs(1));
        }
    });
}

/// One of two addresses does not work, for example if IPv6 is announced but not routed.
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
        // The other address has no server yet.
        let person = SignedIn::at_the_issuer("issuer.test");
        let (refused, _) = person.refreshes();
        refused.exits(0).prints("");
        let _swallowed = BlackHole::at((OTHER, PORT));
        let (swallowed, took) = person.refreshes();
        swallowed.exits(0).prints("");
        // One second for the network and one for a debug build.
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(person.requests(), 2);
        person.assert_renewed();
    });
}
