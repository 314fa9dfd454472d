//! A server that never responds: the error comes within ten seconds, and Ctrl-C works.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::black_hole::BlackHole;
use super::name_server::{Reply, serve};
use super::{PORT, SignedIn, in_network_namespace};
use crate::support::has_musl;

/// Ten seconds, and one for the start and exit on a busy machine.
const LONGEST: Duration = Duration::from_secs(11);

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// The error if no connection is established.
const UNCONNECTED: &str = "HOST did not complete a connection within 10 seconds";
/// musl gives up itself, after 5 seconds, and is asked again.
fn unresolved() -> &'static str {
    match has_musl() {
        true => "cannot find the address of HOST: failed to lookup address information: Try again",
        false => "no DNS server returned an address for HOST within 8 seconds",
    }
}

#[track_caller]
fn assert_times_out(host: &str, words: &str) {
    let person = SignedIn::at(host.to_owned());
    let (finished, took) = person.refreshes();
    let and_issuer = if words.starts_with("cannot find") { " and --issuer" } else { "" };
    finished.exits(1).prints("").fails_with(
        &format!("cannot refresh the access token: {}", words.replace("HOST", host)),
        &format!(
            "check the network connection{and_issuer}; a network with a proxy needs its address in \
             HTTPS_PROXY"
        ),
    );
    assert!(took < LONGEST, "{host}: {took:?}");
    person.assert_unchanged();
}

/// All cases run at the same time. The resolver has its default timeout.
// threats 79 90
#[test]
fn silent_server_times_out_within_ten_seconds() {
    in_network_namespace("timeouts::silent_server_times_out_within_ten_seconds", || {
        let replies =
            [("silent.test", Reply::Nothing), ("swallowed.test", Reply::Addresses(vec![V6, V4]))];
        let Some(()) = serve("", &replies) else { return };
        let holes = [V4, V6].map(|address| BlackHole::at((address, PORT)));
        let hosts = [
            (format!("silent.test:{PORT}"), unresolved()),
            (format!("swallowed.test:{PORT}"), UNCONNECTED),
            (holes[0].address.to_string(), UNCONNECTED),
            (holes[1].address.to_string(), UNCONNECTED),
        ];
        thread::scope(|scope| {
            for (host, words) in &hosts {
                scope.spawn(|| assert_times_out(host, words));
            }
        });
    });
}

/// During the lookup, which cannot be stopped, and during the connection.
// threats 79
#[test]
fn waiting_for_a_silent_server_can_be_interrupted() {
    in_network_namespace("timeouts::waiting_for_a_silent_server_can_be_interrupted", || {
        let Some(()) = serve("", &[("silent.test", Reply::Nothing)]) else { return };
        let hole = BlackHole::at((V4, PORT));
        for host in [format!("silent.test:{PORT}"), hole.address.to_string()] {
            let person = SignedIn::at(host);
            let running = person.refresh().start();
            running.says("request");
            let begun = Instant::now();
            running.signal(Signal::INT);
            running.finish().exits(130).prints("");
            assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
            person.assert_unchanged();
        }
    });
}
