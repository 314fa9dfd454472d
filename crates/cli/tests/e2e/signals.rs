//! Ctrl-C and its relatives, in every phase: the exit code says so, the port is free at once, and what
//! is on disk is what was there before, or all of what is new.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use rustix::process::Signal;
use sandbox::{Account, Conduct, Endpoint, Then};
use serde_json::Value;

use crate::support::{Finished, PATIENCE, Running, Start, World};

const SIGNALS: [(Signal, i32); 4] =
    [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143), (Signal::QUIT, 143)];

const STORED: &str = "{\n  \"OPENAI_API_KEY\": \"sk-old\",   \"x\": 1}\n";

/// Ends the run by this signal; everything is as it was.
#[track_caller]
fn ends_without_a_trace(
    world: &World,
    running: Running<'_>,
    (signal, code): (Signal, i32),
) -> Finished {
    let port = running.port();
    running.signal(signal);
    let finished = running.finish();
    let words = if code == 130 { "error: interrupted\n" } else { "error: terminated\n" };
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
fn a_wait_can_be_interrupted() {
    for signal in SIGNALS {
        for flow in [World::login, World::create_key] {
            let world = World::new();
            world.store(STORED);
            ends_without_a_trace(&world, flow(&world).logged().start(), signal);
            assert_eq!(world.count(&Endpoint::Token), 0);
        }
    }
}

/// The request is at the server, which does not answer.
#[track_caller]
fn can_be_interrupted_at(flow: fn(&World) -> Start<'_>, at: &Endpoint) {
    for signal in SIGNALS {
        let world = World::failing(at.clone(), Then::Hold);
        world.store(STORED);
        let running = flow(&world).logged().start();
        let visit = running.visit_meanwhile(Account::OWNER);
        world.sandbox.wait_for(at, 1, PATIENCE).unwrap();
        ends_without_a_trace(&world, running, signal);
        assert_eq!(world.count(at), 1);
        visit.give_up();
    }
}

// threats 51
#[test]
fn a_sign_in_can_be_interrupted_at_each_of_its_requests() {
    can_be_interrupted_at(World::login, &Endpoint::TokenCode);
    can_be_interrupted_at(World::login, &Endpoint::TokenExchange);
}

// threats 51
#[test]
fn a_new_key_can_be_interrupted_at_each_of_its_requests() {
    for at in [
        Endpoint::TokenCode,
        Endpoint::Onboarding,
        Endpoint::Organizations,
        Endpoint::Projects,
        Endpoint::ApiKeys,
    ] {
        can_be_interrupted_at(World::create_key, &at);
    }
}

/// Between two looks for a project.
// threats 51
#[test]
fn a_pause_can_be_interrupted() {
    let world = World::new();
    world.store(STORED);
    let running = world.create_key().start();
    let visit = running.visit_meanwhile(Account::MEMBER);
    running.says("Looking again in 10 seconds.");
    ends_without_a_trace(&world, running, (Signal::INT, 130));
    visit.give_up();
}

/// The credentials are on disk and stay there, whatever happens to the page.
// threats 51
#[test]
fn an_interrupt_after_the_end_loses_nothing() {
    let world = World::new();
    let running = world.login().start();
    let port = running.port();
    running.visit_by(&world.sandbox.person(Account::OWNER).who(Conduct::StopsAfterCallback));
    running.signal(Signal::INT);
    let path = world.codex_home().join("auth.json");
    let hint = format!("hint: the credentials are in {} all the same\n", path.display());
    running.finish().exits(130).says(&hint);
    assert_free(port);
    let stored: Value = serde_json::from_str(&world.auth_json().unwrap()).unwrap();
    assert_eq!(stored["auth_mode"], "chatgpt");
}

/// A key that may have been made is not to be forgotten.
// threats 148
#[test]
fn an_interrupt_while_a_key_is_made_says_that_it_may_exist() {
    let world = World::failing(Endpoint::ApiKeys, Then::Hold);
    let running = world.create_key().start();
    let visit = running.visit_meanwhile(Account::OWNER);
    world.sandbox.wait_for(&Endpoint::ApiKeys, 1, PATIENCE).unwrap();
    running.signal(Signal::INT);
    running.finish().exits(130).says("may exist");
    visit.give_up();
}
