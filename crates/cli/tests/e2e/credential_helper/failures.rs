//! Credential helpers that are missing, locked or hang. Credentials never fall back to a file.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use sandbox::{Account, Endpoint};

use super::pass::Pass;
use super::scripted_helper::{self, Scripted, write_helper};
use super::{assert_only_locks, assert_refused, document};
use crate::support::{BrowserDouble, Finished, Start, StoredSignIn, World};

/// The timeout of a helper, and the tolerance for a busy machine.
const DEADLINE: Duration = Duration::from_secs(3);
const SLACK: Duration = Duration::from_secs(6);

const HINT: &str =
    "hint: unlock or install it, or keep the credentials in a file with --store file\n";

/// A login with a browser and a port in use: it ends before both.
#[track_caller]
fn assert_ends_before_browser<'w>(
    world: &'w World,
    given: impl FnOnce(Start<'w>) -> Start<'w>,
    words: &str,
) -> Duration {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let browser = BrowserDouble::new(world);
    let login = world.login().port(taken.local_addr().unwrap().port()).opening_browser(&browser);
    let start = given(login.with_trace_log());
    let started = Instant::now();
    let finished = start.run();
    let took = started.elapsed();
    assert_refused(world, &finished, words);
    browser.assert_not_opened();
    assert_eq!(world.sandbox.connections(), 0);
    took
}

// threats 157 189
#[test]
fn uninitialized_store_fails_before_the_browser_opens() {
    let Some(pass) = Pass::without_store() else { return };
    let world = World::new();
    let given = |start| pass.given(start).args(["--store", "helper:pass"]);
    let words = "error: docker-credential-pass (https://auth.openai.com/login-cli/default/";
    let took = assert_ends_before_browser(&world, given, words);
    assert!(took < DEADLINE, "{took:?}");
    assert!(!pass.store().exists());
}

// threats 157 189
#[test]
fn hanging_helper_fails_before_the_browser_opens() {
    let world = World::new();
    // The helper writes its process id and waits without end.
    write_helper(&world, "hangs", "echo $$ >\"${0%/*}/id\"\nsleep 1000");
    let given = |start| scripted_helper::given(&world, start, "hangs");
    let words = "docker-credential-hangs did not respond within 3s and was stopped\n";
    let took = assert_ends_before_browser(&world, given, words);
    assert!(took >= DEADLINE && took < DEADLINE + SLACK, "{took:?}");

    // The helper and its child processes have ended.
    let id = fs::read_to_string(world.path("bin/id")).unwrap();
    assert!(!fs::exists(format!("/proc/{}", id.trim())).unwrap());
}

// threats 157
#[test]
fn hanging_helper_is_an_error_for_other_commands() {
    let world = World::new();
    write_helper(&world, "hangs", "sleep 1000");
    for name in ["token", "status"] {
        let started = Instant::now();
        let finished = scripted_helper::given(&world, world.command(name), "hangs").run();
        let took = started.elapsed();
        assert_refused(
            &world,
            &finished,
            "docker-credential-hangs did not respond within 3s and was stopped\n",
        );
        assert!(took < DEADLINE + SLACK, "{name}: {took:?}");
    }
}

// threats 157 189
#[test]
fn missing_helper_is_an_error_for_every_command() {
    let world = World::new();
    let given = |start| scripted_helper::given(&world, start, "nothing");
    let words = "cannot be used: docker-credential-nothing is not installed\n";
    assert_ends_before_browser(&world, given, words);
    for name in ["status", "token", "refresh", "logout"] {
        let finished = given(world.command(name)).run();
        assert_refused(&world, &finished, words);
        finished.says(HINT);
    }
    let from_stdin =
        given(world.command("login").arg("--with-api-key")).with_stdin("sk-0123456789\n");
    assert_refused(&world, &from_stdin.run(), words);
}

/// A misspelled store never falls back to a file.
#[test]
fn unknown_kind_of_store_is_wrong_usage() {
    for kind in ["pass", "helper", "helper:", "helper:../x", "FILE"] {
        let world = World::new();
        world.login().args(["--store", kind]).run().exits(2).says("--store");
        let finished = world.login().env("LOGIN_CLI_STORE", kind).run();
        finished.exits(2).prints("").says("error: invalid value for LOGIN_CLI_STORE: ");
        assert!(world.sandbox.requests().is_empty());
        assert!(!world.codex_home().exists());
    }
}

/// Stores an expired sign-in in the helper and returns its entry.
fn expired(world: &World, helper: &Scripted<'_>) -> String {
    helper.given(world.login()).signs_in(Account::OWNER).exits(0);
    let text = StoredSignIn::new(world, -60).text();
    helper.hold(&text);
    text
}

#[track_caller]
fn assert_fails_unchanged(
    world: &World,
    helper: &Scripted<'_>,
    before: &str,
    words: &str,
) -> Finished {
    let finished = helper.given(world.command("token").with_trace_log()).run();
    assert_refused(world, &finished, words);
    assert!(helper.held().unwrap() == before, "the entry was changed");
    finished
}

/// Tokens that cannot be stored are not requested.
// threats 118
#[test]
fn unwritable_helper_fails_before_the_refresh() {
    let world = World::new();
    let helper = Scripted::new(&world);
    let before = expired(&world, &helper);
    for verb in ["^store", "^get .*/probe$"] {
        helper.refuse(verb);
        assert_fails_unchanged(&world, &helper, &before, "the double is locked\n").says(HINT);
        assert_eq!(world.count(&Endpoint::TokenRefresh), 0, "{verb}");
        helper.refuse("^nothing");
        helper.given(world.command("status")).run().exits(0);
    }
    helper.given(world.command("token")).run().exits(0);
}

/// The probe succeeds, and the write after the refresh fails.
// threats 119
#[test]
fn helper_failure_after_the_refresh_is_a_lost_sign_in() {
    let world = World::new();
    let helper = Scripted::new(&world);
    let before = expired(&world, &helper);
    helper.refuse("^store .*/default/[0-9a-f]*$");
    let finished = assert_fails_unchanged(&world, &helper, &before, "the double is locked\n");
    finished.says("fix that store, then sign in again with login-cli ");
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
}

/// The helper can have stored the tokens that a revocation would end.
// threats 223 227
#[test]
fn possibly_stored_tokens_are_not_revoked() {
    let world = World::new();
    let helper = Scripted::new(&world);
    helper.hang_after("^store .*/default/[0-9a-f]*$");
    let finished = helper.given(world.login()).signs_in(Account::OWNER);
    finished
        .exits(1)
        .prints("")
        .says("error: it is unknown whether the sign-in was stored in docker-credential-double (");
    finished.says("did not respond within 3s and was stopped\nhint: login-cli ");
    finished.says(" status shows whether it was; if not, sign in again with login-cli ");
    assert_eq!(world.count(&Endpoint::Revoke), 0);
    assert!(helper.held().is_some());
    helper.given(world.command("status")).run().exits(0);
}

// threats 168 179
#[test]
fn unreadable_entry_is_not_changed() {
    let world = World::new();
    let helper = Scripted::new(&world);
    expired(&world, &helper);
    let connections = world.sandbox.connections();
    for broken in ["{", "{\"tokens\":7}"] {
        helper.hold(broken);
        for start in [world.login(), world.command("token"), world.command("refresh")] {
            let finished = helper.given(start).run();
            assert_refused(&world, &finished, "/login-cli/default/");
            finished
                .says("hint: remove it with login-cli --store helper:double logout, then sign in");
            assert_eq!(helper.held().as_deref(), Some(broken));
        }
    }
    assert_eq!(world.sandbox.connections(), connections);

    // Follows the hint.
    let finished = helper.given(world.command("logout")).run();
    finished.exits(1).says("removed from ").says("could not be revoked");
    assert_eq!(helper.held(), None);
    helper.given(world.login()).signs_in(Account::OWNER).exits(0);
    assert_eq!(document(&helper.held().unwrap())["auth_mode"], "chatgpt");
    assert_only_locks(&world);
}
