//! Helpers that ask you to unlock the store, on a terminal and without one.

use super::scripted_helper::{given, write_helper};
use crate::support::{StoredSignIn, World, write};

/// Prompts on the terminal and returns its entry for `1234`.
const ASKS: &str = r#"cat >/dev/null
printf 'PIN: ' >/dev/tty
read -r pin </dev/tty
if [ "$pin" = 1234 ]; then cat "${0%/*}/entry"; else echo 'wrong PIN'; exit 1; fi"#;

/// A world whose helper has a valid sign-in.
fn world_of_helper(name: &str, body: &str) -> (World, StoredSignIn) {
    let world = World::new();
    let stored = StoredSignIn::new(&world, 60 * 60);
    let entry = serde_json::json!({ "Username": "login-cli", "Secret": stored.text() });
    write(&world.path("bin/entry"), &entry.to_string());
    write_helper(&world, name, body);
    (world, stored)
}

const SENTENCE: &str = "Waiting for docker-credential-asks: it may be asking you to unlock it.";

// threats 223
#[test]
fn helper_that_asks_on_a_terminal_shows_a_message() {
    let (world, stored) = world_of_helper("asks", ASKS);
    let person = given(&world, world.command("token"), "asks").captured_on_terminal(100, 24);
    person.shows("PIN: ");
    // The message appears after two seconds.
    person.reads(SENTENCE);
    person.types("1234\r");
    let finished = person.finish();
    finished.exits(0).prints(&format!("{}\n", stored.access_token));
    assert_eq!(finished.stderr.matches(SENTENCE).count(), 1);
}

// threats 223
#[test]
fn fast_helper_shows_no_message() {
    let (world, stored) = world_of_helper("asks", "cat >/dev/null; cat \"${0%/*}/entry\"");
    let person = given(&world, world.command("token"), "asks").captured_on_terminal(100, 24);
    let finished = person.finish();
    finished.exits(0).prints(&format!("{}\n", stored.access_token)).says_nothing_of("Waiting");
}

/// No process of the helper is left.
// threats 223
#[test]
fn ctrl_c_kills_a_helper_at_its_passphrase_prompt() {
    let (world, _) = world_of_helper("asks", &format!("exec 9>\"${{0%/*}}/fifo\"\n{ASKS}"));
    let fifo = world.path("bin/fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let person = given(&world, world.command("refresh"), "asks").on_terminal(100, 24);
    // The pipe closes when its last process ends.
    let mut held = std::fs::File::open(fifo).unwrap();
    person.shows("PIN: ");
    person.types("\x03");
    let mut nothing = Vec::new();
    std::io::Read::read_to_end(&mut held, &mut nothing).unwrap();
    person.finish().exits(130);
}

/// The helper turns echo off to read a passphrase.
// threats 223
#[test]
fn helper_timeout_restores_the_terminal_echo() {
    let hides = "stty -echo -icanon </dev/tty; printf 'PIN: ' >/dev/tty; exec sleep 1000";
    let (world, _) = world_of_helper("asks", &format!("cat >/dev/null; {hides}"));
    let start = given(&world, world.command("token"), "asks");
    let person = start.env("LOGIN_CLI_HELPER_TIMEOUT", "2500ms").captured_on_terminal(200, 24);
    person.shows("PIN: ");
    assert!(!person.echoes(), "the helper hides nothing");
    person.ends();
    assert!(person.echoes(), "what is typed stays hidden");
    person.finish().exits(1).says("docker-credential-asks did not respond within 2.5s");
}

// threats 223
#[test]
fn helper_timeout_names_the_helper_and_the_limit() {
    let (world, _) = world_of_helper("asks", "cat >/dev/null; exec sleep 1000");
    let start = || given(&world, world.command("token"), "asks");
    let limited = |limit: &str| start().env("LOGIN_CLI_HELPER_TIMEOUT", limit);
    let words = |limit: &str| {
        format!("docker-credential-asks did not respond within {limit} and was stopped")
    };
    let hint = "hint: unlock it, give it longer with LOGIN_CLI_HELPER_TIMEOUT=2m, or keep the credentials \
                in a file with --store file\n";
    limited("100ms").run().exits(1).prints("").says(&words("100ms")).says(hint);
    start().run().exits(1).says(&words("3s")).says_nothing_of("Waiting");
    let person = limited("2500ms").captured_on_terminal(200, 24);
    person.reads(SENTENCE);
    person.finish().exits(1).prints("").says(&words("2.5s"));
    for wrong in ["3", "0s", "soon"] {
        let finished = limited(wrong).run();
        finished.exits(2).says("error: invalid value for LOGIN_CLI_HELPER_TIMEOUT: ");
    }
}
