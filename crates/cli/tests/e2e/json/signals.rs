use rustix::process::Signal;
use sandbox::{Account, Endpoint, Then};
use serde_json::json;

use super::assert_error;
use crate::support::{TEST_TIMEOUT, World};

// threats 51 209
#[test]
fn signal_prints_an_error_document() {
    for (signal, kind, code) in
        [(Signal::INT, "interrupted", 130), (Signal::TERM, "terminated", 143)]
    {
        for flow in [World::login, World::create_key] {
            let world = World::new();
            let running = flow(&world).arg("--json").start();
            running.auth_url();
            running.signal(signal);
            let error = assert_error(&running.finish(), kind, code);
            assert_eq!((&error["hint"], &error["transient"]), (&json!(null), &json!(false)));
        }
    }
}

/// The hint explains what can be lost.
// threats 51 209
#[test]
fn signal_during_a_critical_request_has_a_hint() {
    let world = World::failing(Endpoint::ApiKeys, Then::Hold);
    let running = world.create_key().arg("--json").start();
    let visit = running.start_visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::ApiKeys, 1, TEST_TIMEOUT).unwrap();
    running.signal(Signal::INT);
    let error = assert_error(&running.finish(), "interrupted", 130);
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.starts_with("a key named \"Codex CLI\" may exist"), "{hint}");
    world.sandbox.release();
    visit.give_up();
}
