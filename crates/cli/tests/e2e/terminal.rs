//! A person at a terminal, and the rig that plays them.

use sandbox::Account;

use crate::support::{Look, World};

#[test]
fn a_sign_in_on_a_terminal_is_seen_by_the_person() {
    let world = World::new();
    let person = world.login().on_terminal(80, 24);
    person.shows("Open this address to sign in with ChatGPT:");
    person.shows("Waiting for the browser");
    assert!(person.look_of("http://").underlined, "the address does not stand out");
    assert_eq!(person.look_of("Open this"), Look::PLAIN);
    person.visit(Account::OWNER);
    person.shows("Signed in as Ada Lovelace");
    person.finish().exits(0).prints("").says("/oauth/authorize?");
}

// threats 49
#[test]
fn ctrl_c_ends_it() {
    let world = World::new();
    let person = world.login().on_terminal(80, 24);
    person.shows("Waiting for the browser");
    person.types("\x03");
    person.finish().exits(130);
}

/// As in `TOKEN=$(login-cli token)`.
#[test]
fn a_result_goes_where_it_is_asked_for() {
    let world = World::new();
    let stored = world.signed_in(3600);
    let captured = world.command("token").captured_on_terminal(80, 24).finish();
    captured.exits(0).prints(&format!("{}\n", stored.access_token));
    let shown = world.command("token").on_terminal(80, 24).finish();
    assert!(shown.exits(0).stderr.contains(&stored.access_token), "the token is not shown");
}

/// More than a terminal takes when nobody reads.
// threats 201
#[test]
fn what_is_pasted_and_not_asked_for_is_ignored() {
    let world = World::new();
    let person = world.login().on_terminal(80, 24);
    person.shows("Waiting for the browser");
    person.pastes(vec![b'x'; 1 << 20]);
    person.visit(Account::OWNER);
    person.finish().exits(0);
}
