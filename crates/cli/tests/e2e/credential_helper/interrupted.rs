//! A signal during a call of a credential helper ends the command and the helper. No further helper
//! starts.

use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sandbox::{Account, Endpoint};

use super::scripted_helper::{Scripted, given, write_helper};
use crate::support::{TEST_TIMEOUT, World};

/// Writes its process id and hangs like a locked store.
const HANGS: &str = r#"echo "$$" >>"${0%/*}/started"
echo >"${0%/*}/fifo"
exec sleep 1000"#;

const COMMANDS: &[&[&str]] = &[
    &["status"],
    &["token"],
    &["token", "--api-key"],
    &["profiles"],
    &["refresh"],
    &["logout"],
    &["logout", "--all"],
    &["exec", "--", "true"],
    &["login"],
    &["login", "--with-api-key"],
];

fn world_of_hanging_helper() -> World {
    let world = World::new();
    write_helper(&world, "hangs", HANGS);
    let made = Command::new("mkfifo").arg(world.path("bin/fifo")).status();
    assert!(made.unwrap().success());
    world
}

/// The process ids of all started helpers.
fn started(world: &World) -> Vec<String> {
    let lines = std::fs::read_to_string(world.path("bin/started")).unwrap_or_default();
    lines.lines().map(str::to_owned).collect()
}

fn wait_for_a_helper(world: &World) {
    std::fs::read(world.path("bin/fifo")).unwrap();
}

/// One helper was started, and it has ended.
#[track_caller]
fn assert_one_ended(world: &World, what: &str) {
    let started = started(world);
    assert_eq!(started.len(), 1, "{what}");
    let state = std::fs::read_to_string(format!("/proc/{}/stat", started[0])).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{what}: {state}");
}

/// Sends the signal after a helper has started.
#[track_caller]
fn assert_ends(command: &[&str], json: bool, signal: Signal, code: i32) {
    let what = format!("{command:?} {signal:?}");
    let world = world_of_hanging_helper();
    let start = world.command(command[0]).with_stdin("sk-a-key-that-is-long-enough-to-be-one\n");
    let mut start = given(&world, start, "hangs").env("LOGIN_CLI_HELPER_TIMEOUT", "1m");
    if json {
        start = start.arg("--json");
    }
    let running = start.args(command[1..].iter().copied()).start();
    wait_for_a_helper(&world);
    let sent = Instant::now();
    running.signal(signal);
    let finished = running.finish();
    let took = sent.elapsed();
    assert!(took < Duration::from_secs(8), "{what}: {took:?}");
    assert_eq!(finished.code, code, "{what}: {}", finished.stderr);
    assert_one_ended(&world, &what);
    let (word, kind) = match signal {
        Signal::INT => ("Cancelled.", "interrupted"),
        _ => ("error: terminated", "terminated"),
    };
    finished.says(word);
    match json {
        true => assert_eq!(finished.json()["error"]["kind"], kind, "{what}"),
        false => drop(finished.prints("")),
    }
}

// threats 223
#[test]
fn ctrl_c_without_a_terminal_ends_the_helper() {
    for command in COMMANDS {
        assert_ends(command, true, Signal::INT, 130);
    }
}

// threats 223
#[test]
fn sigterm_without_a_terminal_ends_the_helper() {
    for command in COMMANDS {
        assert_ends(command, false, Signal::TERM, 143);
    }
}

/// On a terminal, the helper is in the same process group and gets Ctrl-C too.
// threats 223
#[test]
fn ctrl_c_on_a_terminal_starts_no_further_helper() {
    for command in ["status", "profiles", "refresh", "logout"] {
        let world = world_of_hanging_helper();
        let person = given(&world, world.command(command), "hangs").on_terminal(100, 24);
        wait_for_a_helper(&world);
        person.types("\x03");
        person.finish().exits(130);
        assert_one_ended(&world, command);
    }
}

/// The issuer has already revoked the tokens, so the remaining entry is useless.
// threats 223
#[test]
fn logout_interrupted_after_the_revocation_says_so() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let world = World::new();
        let double = Scripted::new(&world);
        double.given(world.login()).signs_in(Account::OWNER).exits(0);
        double.hang_after("^erase");
        let running = double.given(world.command("logout")).arg("--json").start();
        world.sandbox.wait_for_requests_blocking(&Endpoint::Revoke, 1, TEST_TIMEOUT).unwrap();
        while !double.is_empty() {
            std::thread::yield_now();
        }
        running.signal(signal);
        let finished = running.finish();
        let hint = finished.exits(code).json()["error"]["hint"].clone();
        let hint = hint.as_str().unwrap();
        assert!(hint.starts_with("the sign-in was revoked, and may still be stored"), "{hint}");
    }
}
