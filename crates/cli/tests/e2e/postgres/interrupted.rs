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

/// Waits until the proxy has held back the answer.
#[track_caller]
pub(super) fn wait_for_held_answer(network: &Proxy) {
    let begun = Instant::now();
    while network.state() != Network::Works {
        assert!(begun.elapsed() < TEST_TIMEOUT);
        thread::yield_now();
    }
}

const CLAIM: &str = "SET claimed_by = $3";

/// The claim fails, and the token still works: but the person has cancelled the command.
// threats 51
#[test]
fn interrupted_command_does_not_go_on_with_the_old_token() {
    let Some((fleet, _)) = Fleet::signed_in("an interrupted claim", 60) else { return };
    let mark = fleet.world.path("the-program-ran");
    let touch = format!("> {}", mark.display());
    let exec = ["--access-token-env", "TOKEN", "--", "/bin/sh", "-c", &touch];
    for (command, arguments) in [("exec", &exec[..]), ("token", &[])] {
        let network = Proxy::start(fleet.server.port());
        network.set(Network::HoldsAnswerTo(CLAIM));
        let start = fleet.command_on(command, &fleet.url_at(network.port()));
        let running = start.args(arguments.iter().copied()).start();
        wait_for_held_answer(&network);
        running.signal(Signal::INT);
        running.finish().exits(130).prints("");
        assert_eq!(fleet.row("claimed_by IS NULL"), "t");
    }
    assert!(!mark.exists() && fleet.refreshes() == 0);
}

/// Until the file is removed, two places have the refresh token.
// threats 51
#[test]
fn interrupted_import_is_finished() {
    let Some(fleet) = Fleet::start("an interrupted import") else { return };
    fleet.world.signed_in(super::HOUR);
    let network = Proxy::start(fleet.server.port());
    network.set(Network::HoldsAnswerTo("SET version = version + 1"));
    let running = fleet.command_on("store", &fleet.url_at(network.port())).arg("import").start();
    wait_for_held_answer(&network);
    running.signal(Signal::INT);
    running.finish().exits(0);
    assert_eq!((fleet.row("version").as_str(), fleet.world.auth_json()), ("1", None));
}

/// A command that is blocked elsewhere is ended after a second. To give a claim back takes up to two.
// threats 51
#[test]
fn interrupted_rekey_ends_when_it_has_tried_to_give_its_claim_back() {
    let Some((fleet, _)) = Fleet::signed_in("an interrupted rekey", super::HOUR) else { return };
    fleet.world.command("store-key").arg("--add").arg(fleet.world.path("keys")).run().exits(0);
    let network = Proxy::start(fleet.server.port());
    network.set(Network::HoldsAnswerTo(CLAIM));
    let running = fleet.command_on("store", &fleet.url_at(network.port())).arg("rekey").start();
    wait_for_held_answer(&network);
    network.set(Network::Stalls);
    running.signal(Signal::TERM);
    running.finish().exits(143).says("terminated");
    assert_eq!(fleet.row("version"), "1");
}

/// Outside a call of the database: the claim ends with the command.
// threats 51
#[test]
fn interrupted_import_that_is_refused_ends_when_it_has_tried_to_give_its_claim_back() {
    let Some((fleet, _)) = Fleet::signed_in("a refused import", super::HOUR) else { return };
    fleet.world.signed_in(super::HOUR);
    let network = Proxy::start(fleet.server.port());
    network.set(Network::HoldsAnswerTo("SET claimed_by = NULL"));
    let running = fleet.command_on("store", &fleet.url_at(network.port())).arg("import").start();
    wait_for_held_answer(&network);
    running.signal(Signal::INT);
    running.finish().exits(130).says("Cancelled.");
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
