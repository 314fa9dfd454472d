//! Signals, while the database is used or claimed.

use std::thread;
use std::time::Instant;

use rustix::process::Signal;
use sandbox::{Account, Device, Endpoint, Fault, Scenario, Then};
use serde_json::json;

use super::fixture::{Network, Proxy};
use super::{Fleet, device_code};
use crate::support::TEST_TIMEOUT;

fn failing(test: &str, at: Endpoint, then: Then) -> Option<Fleet> {
    let device = Device { interval: json!(1), ..Device::default() };
    let faults = vec![Fault::new(at, then)];
    Fleet::with_scenario(test, Scenario { device, faults, ..Scenario::default() })
}

/// A sign-in spends no token of the row.
// threats 51
#[test]
fn interrupted_sign_in_gives_its_claim_back() {
    let what = "an interrupted sign-in into a row";
    let Some(fleet) = failing(what, Endpoint::Token, Then::Hang) else { return };
    let running = fleet.command("login").arg("--device").start();
    let (address, code) = device_code(&running);
    let person = fleet.world.sandbox.person(Account::OWNER);
    person.connect_device_blocking(&address, &code).unwrap();
    fleet.world.sandbox.wait_for_requests_blocking(&Endpoint::Token, 1, TEST_TIMEOUT).unwrap();
    assert_eq!(fleet.row("claimed_by IS NULL"), "f");
    running.signal(Signal::INT);
    running.finish().exits(130);
    assert_eq!(fleet.row("version || ' ' || (claimed_by IS NULL)"), "0 true");
}

/// The response has the only valid refresh token.
// threats 51
#[test]
fn response_soon_after_interrupt_is_stored_in_the_row() {
    let what = "an interrupted refresh of a row";
    let Some(fleet) = failing(what, Endpoint::TokenRefresh, Then::Hold) else { return };
    fleet.import(-1);
    let running = fleet.command("token").start();
    let sandbox = &fleet.world.sandbox;
    sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    running.signal(Signal::INT);
    sandbox.release();
    running.finish().exits(130).prints("");
    assert_eq!(fleet.row("version"), "2");
    let new = sandbox.issued().access_tokens.pop().unwrap();
    fleet.on_machine(2, "token").run().exits(0).prints(&format!("{new}\n"));
    assert_eq!(fleet.refreshes(), 1);
}

// threats 51
#[test]
fn command_that_waits_for_a_stalled_database_is_interrupted() {
    let what = "a stalled database";
    let Some((fleet, _)) = Fleet::signed_in(what, super::HOUR) else { return };
    let network = Proxy::start(fleet.server.port());
    network.set(Network::Stalls);
    for command in ["status", "refresh"] {
        let (before, begun) = (network.connections(), Instant::now());
        let running = fleet.command_on(command, &fleet.url_at(network.port())).start();
        while network.connections() == before {
            assert!(begun.elapsed() < TEST_TIMEOUT, "{command}");
            thread::yield_now();
        }
        running.signal(Signal::TERM);
        running.finish().exits(143).prints("");
    }
}
