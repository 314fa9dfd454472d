//! A link that loses packets and a slow link. The command works or fails with an error, and never
//! leaves a partial result.

use std::process::Command;
use std::thread;
use std::time::Duration;

use super::{SignedIn, in_network_namespace};
use crate::support::set_up;

/// The timeout of a request plus the time to start and exit.
const LONGEST: Duration = Duration::from_secs(40);

/// The old or the new sign-in is stored, and the output matches.
#[track_caller]
fn assert_success_or_error(person: &SignedIn) {
    let (finished, took) = person.refreshes();
    assert!(took < LONGEST, "{took:?}");
    finished.prints("");
    match finished.code {
        0 => person.assert_renewed(),
        code => {
            assert_eq!(code, 1, "{}", finished.stderr);
            assert!(finished.error_lines().starts_with("error: cannot refresh the access token: "));
            person.assert_unchanged();
        }
    }
}

// threats 81
#[test]
fn sign_in_over_lossy_link_works_or_fails_cleanly() {
    in_network_namespace("packet_loss::sign_in_over_lossy_link_works_or_fails_cleanly", || {
        let rules = "table inet lossy { chain arriving { type filter hook input priority 0; \
                     numgen random mod 100 < 30 counter drop; }; }";
        let Some(()) = set_up("nft", &[rules]) else { return };
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| assert_success_or_error(&SignedIn::on_any_port()));
            }
        });
        assert!(counts("nft list table inet lossy", " counter packets "));
    });
}

/// Whether this counter in the output of the command is not zero.
#[track_caller]
fn counts(command: &str, name: &str) -> bool {
    let mut words = command.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let (_, count) = shown.split_once(name).expect("it is counted");
    !count.starts_with('0')
}

/// 64 kbit/s are 8 kB/s.
// threats 81
#[test]
fn sign_in_over_64_kbit_link_works() {
    in_network_namespace("packet_loss::sign_in_over_64_kbit_link_works", || {
        // A packet larger than the bucket would never be sent.
        let Some(()) = set_up("ip", &["link", "set", "lo", "mtu", "1500"]) else { return };
        let bucket = "qdisc add dev lo root tbf rate 64kbit burst 1600 latency 2s";
        let arguments: Vec<&str> = bucket.split(' ').collect();
        let Some(()) = set_up("tc", &arguments) else { return };
        let person = SignedIn::on_any_port();
        let (finished, took) = person.refreshes();
        finished.exits(0).prints("");
        assert!(took < LONGEST, "{took:?}");
        person.assert_renewed();
        assert!(counts("tc -s qdisc show dev lo", " overlimits "));
    });
}
