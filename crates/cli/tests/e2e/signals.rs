//! Signals in every phase. The exit code matches, the port is free at once, and the disk has the
//! old or the complete new document.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use rustix::process::Signal;
use sandbox::{Account, Conduct, Endpoint, Then};
use serde_json::Value;

use crate::support::{Finished, Running, Start, TEST_TIMEOUT, World};

const SIGNALS: [(Signal, i32); 4] =
    [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143), (Signal::QUIT, 143)];

const STORED: &str = "{\n  \"OPENAI_API_KEY\": \"sk-old\",   \"x\": 1}\n";

/// The run ends with this signal and changes nothing.
#[track_caller]
fn assert_ends_unchanged(
    world: &World,
    running: Running<'_>,
    (signal, code): (Signal, i32),
) -> Finished {
    let port = running.port();
    running.signal(signal);
    let finished = running.finish();
    // Only `create-key` calls the platform; without the request, there is no key.
    let has_no_key =
        finished.stderr.contains("to create an API key") && world.count(&Endpoint::ApiKeys) == 0;
    let words = match (code, has_no_key) {
        (130, true) => "Cancelled. No key was created.\n",
        (130, false) => "Cancelled.\n",
        _ => "error: terminated\n",
    };
    finished.exits(code).prints("").says(words);
    assert_free(port);
    assert_eq!(world.auth_json().as_deref(), Some(STORED));
    finished
}

#[track_caller]
fn assert_free(port: u16) {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        TcpListener::bind((Ipv6Addr::LOCALHOST, port)).unwrap();
    }
}

// threats 51
#[test]
fn waiting_sign_in_can_be_interrupted() {
    for signal in SIGNALS {
        for flow in [World::login, World::create_key] {
            let world = World::new();
            world.store(STORED);
            assert_ends_unchanged(&world, flow(&world).with_trace_log().start(), signal);
            assert_eq!(world.count(&Endpoint::Token), 0);
        }
    }
}

/// The server has the request and does not respond.
#[track_caller]
fn assert_interruptible_at(flow: fn(&World) -> Start<'_>, at: &Endpoint) {
    for signal in SIGNALS {
        let world = World::failing(at.clone(), Then::Hold);
        world.store(STORED);
        let running = flow(&world).with_trace_log().start();
        let visit = running.start_visit(Account::OWNER);
        world.sandbox.wait_for_requests_blocking(at, 1, TEST_TIMEOUT).unwrap();
        assert_ends_unchanged(&world, running, signal);
        assert_eq!(world.count(at), 1);
        visit.give_up();
    }
}

// threats 51
#[test]
fn sign_in_can_be_interrupted_at_each_request() {
    assert_interruptible_at(World::login, &Endpoint::TokenCode);
    assert_interruptible_at(World::login, &Endpoint::TokenExchange);
}

// threats 51
#[test]
fn create_key_can_be_interrupted_at_each_request() {
    for at in [
        Endpoint::TokenCode,
        Endpoint::Onboarding,
        Endpoint::Organizations,
        Endpoint::Projects,
        Endpoint::ApiKeys,
    ] {
        assert_interruptible_at(World::create_key, &at);
    }
}

// threats 51
#[test]
fn polling_pause_can_be_interrupted() {
    let world = World::new();
    world.store(STORED);
    let running = world.create_key().start();
    let visit = running.start_visit(Account::MEMBER);
    running.says("Next try in 10 seconds.");
    assert_ends_unchanged(&world, running, (Signal::INT, 130));
    visit.give_up();
}

/// The credentials stay on disk, whatever happens to the page.
// threats 51
#[test]
fn interrupt_after_the_save_keeps_the_credentials() {
    let world = World::new();
    let running = world.login().start();
    let port = running.port();
    running
        .visit_by(&world.sandbox.person(Account::OWNER).with_conduct(Conduct::StopsAfterCallback));
    running.signal(Signal::INT);
    let path = world.codex_home().join("auth.json");
    let hint = format!("hint: the credentials are in {} all the same\n", path.display());
    running.finish().exits(130).says(&hint);
    assert_free(port);
    let stored: Value = serde_json::from_str(&world.auth_json().unwrap()).unwrap();
    assert_eq!(stored["auth_mode"], "chatgpt");
}

// threats 148
#[test]
fn interrupt_during_key_creation_reports_a_possible_key() {
    let world = World::failing(Endpoint::ApiKeys, Then::Hold);
    let running = world.create_key().start();
    let visit = running.start_visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::ApiKeys, 1, TEST_TIMEOUT).unwrap();
    running.signal(Signal::INT);
    running.finish().exits(130).says("may exist");
    visit.give_up();
}
