//! Interrupted refreshes.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sandbox::{Endpoint, Then};

use crate::support::{Finished, Running, Start, TEST_TIMEOUT, World, report_skipped};

const HOUR: i64 = 60 * 60;

/// Starts a refresh whose request is at the issuer, which does not respond.
#[track_caller]
fn start_refresh<'w>(world: &'w World, command: &str) -> Running<'w> {
    let running = world.command(command).with_trace_log().start();
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    running
}

/// The response has the only valid refresh token.
// threats 51
#[test]
fn response_soon_after_interrupt_is_stored() {
    for command in ["token", "refresh"] {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
            world.signed_in(-HOUR);
            let running = start_refresh(&world, command);
            running.signal(signal);
            world.sandbox.release();
            running.finish().exits(code).prints("");
            let new = world.sandbox.issued().access_tokens.pop().unwrap();
            world.command("token").run().exits(0).prints(&format!("{new}\n"));
            assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
        }
    }
}

// threats 51
#[test]
fn interrupt_does_not_wait_for_a_missing_response() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    let stored = world.signed_in(-HOUR);
    let running = start_refresh(&world, "token");
    let since = Instant::now();
    running.signal(Signal::INT);
    running.finish().exits(130).prints("").says("Cancelled.\n");
    // The issuer never responds. The request timeout is 30 seconds, plus tolerance for a busy
    // machine.
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
}

/// No request is running, so there is nothing to wait for.
// threats 51
#[test]
fn waiting_for_another_program_is_interrupted_immediately() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    world.signed_in(-HOUR);
    let holder = start_refresh(&world, "refresh");
    let waiting = world.command("token").start();
    waiting.says(WAITING);
    waiting.signal(Signal::INT);
    waiting.finish().exits(130).prints("").says_nothing_of("Finishing the refresh");
    world.sandbox.release();
    holder.finish().exits(0);
}

/// Holds the lock, like another program.
fn hold_lock(world: &World) -> fs::File {
    let lock = fs::File::create(world.codex_home().join("auth.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

const WAITING: &str = "Another program is using the stored sign-in; waiting for it.\n";

// threats 122
#[test]
fn refresh_waits_for_the_lock_of_another_program() {
    let world = World::new();
    world.signed_in(-HOUR);
    let lock = hold_lock(&world);
    let running = world.command("token").start();
    running.says(WAITING);
    assert_eq!(world.sandbox.connections(), 0);
    drop(lock);
    let finished = running.finish();
    finished.exits(0).prints(&format!("{}\n", world.sandbox.issued().access_tokens[1]));
    assert_eq!(finished.stderr, WAITING);
}

/// The new tokens suffice, although the lock is still held.
// threats 114 122
#[test]
fn tokens_of_another_program_end_the_wait() {
    for command in ["token", "refresh"] {
        let world = World::new();
        world.signed_in(-HOUR);
        let _lock = hold_lock(&world);
        let running = world.command(command).start();
        running.says(WAITING);
        let theirs = world.signed_in(HOUR);
        let finished = running.finish();
        let token = format!("{}\n", theirs.access_token);
        finished.exits(0).prints(if command == "token" { &token } else { "" });
        assert_eq!(world.sandbox.connections(), 0);
        assert!(world.auth_json().unwrap() == theirs.text(), "the file changed");
    }
}

/// The system releases the locks of a killed process. How soon a waiting process tries them is a test of
/// `token-source`.
// threats 116
#[test]
fn refresh_continues_after_the_lock_holder_is_killed() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    world.signed_in(-HOUR);
    let holder = start_refresh(&world, "refresh");
    let waiting = world.command("token").start();
    waiting.says(WAITING);
    holder.kill();
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 2, TEST_TIMEOUT).unwrap();
    world.sandbox.release();
    // The order of the two requests at the issuer does not matter.
    assert!([0, 3].contains(&waiting.finish().code));
}

const SETPRIV: &str = "/usr/bin/setpriv";
const NOBODY: u32 = 65_534;

/// Runs as an unprivileged user who owns the folder; `None` if that is not possible.
fn as_owner<'w>(world: &World, start: Start<'w>) -> Option<Start<'w>> {
    if !rustix::process::geteuid().is_root() {
        return Some(start);
    }
    let line = [SETPRIV.to_owned(), format!("--reuid={NOBODY}"), "--clear-groups".to_owned()];
    let mut probe = std::process::Command::new(SETPRIV);
    probe.args(&line[1..]).arg(crate::support::program()).arg("--version");
    if !probe.output().is_ok_and(|output| output.status.success()) {
        return None;
    }
    // Gives everyone access to the parent folders.
    set_mode(world, "", 0o711);
    for name in ["", "auth.json", "auth.lock", "auth.json.lock"] {
        let path = world.codex_home().join(name);
        if path.exists() {
            chown(path, Some(NOBODY), None).unwrap();
        }
    }
    Some(start.under(line))
}

fn set_mode(world: &World, name: &str, mode: u32) {
    fs::set_permissions(world.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs in a read-only folder with or without lock files.
fn read_only(seconds_left: i64, locks: &[&str], check: impl Fn(&World, &Finished)) {
    let world = World::new();
    let stored = world.signed_in(seconds_left);
    for name in locks {
        fs::File::create(world.codex_home().join(name)).unwrap();
    }
    set_mode(&world, "codex/auth.json", 0o600);
    let Some(start) = as_owner(&world, world.command("token")) else {
        return report_skipped("a read-only folder: only the superuser can become somebody else");
    };
    set_mode(&world, "codex", 0o500);
    let finished = start.run();
    set_mode(&world, "codex", 0o700);
    check(&world, &finished);
    assert_eq!(world.sandbox.connections(), 0);
    assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
}

const LOCKS: [&str; 2] = ["auth.lock", "auth.json.lock"];

/// Whether the lock files exist, and the first error.
const CASES: [(&[&str], &str); 2] = [(&LOCKS, "cannot write "), (&[], "cannot access ")];

/// The refresh token is not used if the new tokens cannot be stored.
// threats 118 157
#[test]
fn unwritable_store_sends_no_refresh() {
    for (locks, words) in CASES {
        read_only(-HOUR, locks, |world, finished| {
            let folder = world.codex_home();
            finished.exits(1).prints("").says(&format!("stored: {words}{}", folder.display()));
            finished.says("\nhint: check the permissions and the free space there");
        });
    }
}

// threats 118
#[test]
fn unwritable_store_prints_a_valid_token() {
    for (locks, words) in CASES {
        read_only(240, locks, |world, finished| {
            finished.exits(0).prints(&format!("{}\n", world.registered_secrets()[0]));
            finished.says(&format!("warning: {words}"));
        });
    }
}
