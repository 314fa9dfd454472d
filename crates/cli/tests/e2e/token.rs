//! `login-cli token` in scripts.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sandbox::{Endpoint, Issued, Lifetimes, Scenario, Then};
use serde_json::json;

use crate::support::{Finished, Printed, Running, StoredSignIn, TEST_TIMEOUT, World, claims, jwt};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// No request is sent and no file is written, not even a lock file.
#[track_caller]
fn assert_only_reads(world: &World, finished: &Finished, before: &str) {
    finished.exits(0);
    assert_eq!(finished.stderr, "");
    assert_eq!(world.sandbox.connections(), 0);
    assert_eq!(world.auth_json().as_deref(), Some(before));
    assert_eq!(world.stored_names(), ["auth.json"]);
}

// threats 108
#[test]
fn fresh_token_is_printed_without_request_or_write() {
    for seconds_left in [6 * MINUTE, HOUR, 3650 * DAY] {
        let world = World::new();
        let stored = world.signed_in(seconds_left);
        let finished = world.command("token").run();
        finished.prints(&format!("{}\n", stored.access_token));
        assert_only_reads(&world, &finished, &stored.text());
    }
}

/// An opaque token has no expiry.
// threats 108
#[test]
fn opaque_token_is_fresh_for_eight_days() {
    let world = World::new();
    world.register_secret(OPAQUE);
    let stored = StoredSignIn::new(&world, 0).with("/tokens/access_token", OPAQUE);
    let nine_days_ago: Timestamp =
        stored.document["last_refresh"].as_str().unwrap().parse().unwrap();
    let seven_days_ago = nine_days_ago + SignedDuration::from_hours(48);
    let stored = stored.with("/last_refresh", seven_days_ago.to_string()).stored(&world);
    let finished = world.command("token").run();
    finished.prints(&format!("{OPAQUE}\n"));
    assert_only_reads(&world, &finished, &stored.text());

    stored.with("/last_refresh", nine_days_ago.to_string()).stored(&world);
    assert_refreshes(&world);
}

const OPAQUE: &str = "an-access-token-that-is-no-jwt";

/// One refresh; the new access token is printed.
#[track_caller]
fn assert_refreshes(world: &World) {
    let finished = world.command("token").with_trace_log().run();
    let new = world.sandbox.issued().access_tokens.pop().unwrap();
    finished.exits(0).prints(&format!("{new}\n"));
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
    assert_eq!(world.sandbox.requests().len(), 1);
    assert_eq!(world.auth_document()["tokens"]["access_token"], *new);
}

// threats 109
#[test]
fn expiring_token_is_refreshed_and_printed() {
    for seconds_left in [4 * MINUTE, 0, -HOUR, -3650 * DAY] {
        let world = World::new();
        world.signed_in(seconds_left);
        assert_refreshes(&world);
    }
}

#[test]
fn stdout_has_only_the_token() {
    let world = World::new();
    world.signed_in(0);
    let finished = world.command("token").run();
    finished.exits(0);
    assert_eq!(finished.stderr, "");
    assert_eq!(finished.stdout.matches('\n').count(), 1);
    assert_eq!(claims(finished.stdout.trim_end())["scp"][0], "openid");
}

#[test]
fn id_token_and_key_are_printed_on_request() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, HOUR).with_key(&world, KEY).stored(&world);
    let id_token =
        world.command("token").arg("--id-token").allowed_to_print(Printed::IdToken).run();
    id_token.prints(&format!("{}\n", stored.id_token));
    assert_only_reads(&world, &id_token, &stored.text());
    let key = world.command("token").arg("--api-key").allowed_to_print(Printed::ApiKey).run();
    key.prints(&format!("{KEY}\n"));
    assert_only_reads(&world, &key, &stored.text());
    world.command("token").args(["--api-key", "--id-token"]).run().exits(2).prints("");
}

const KEY: &str = "sk-proj-a-key-that-was-stored";

/// A key does not expire, whatever happens to the tokens.
#[test]
fn key_needs_no_refresh() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, -HOUR).with_key(&world, KEY).stored(&world);
    let finished = world.command("token").arg("--api-key").allowed_to_print(Printed::ApiKey).run();
    finished.prints(&format!("{KEY}\n"));
    assert_only_reads(&world, &finished, &stored.text());
}

#[test]
fn id_token_is_refreshed_with_the_access_token() {
    let world = World::new();
    world.signed_in(0);
    let finished =
        world.command("token").arg("--id-token").allowed_to_print(Printed::IdToken).run();
    let new = world.sandbox.issued().id_tokens.pop().unwrap();
    finished.exits(0).prints(&format!("{new}\n"));
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
}

/// It still names the account, but servers refuse it.
#[test]
fn expired_id_token_is_printed_with_a_warning() {
    let world = World::new();
    let expired =
        jwt(&json!({ "iss": world.sandbox.issuer_url(), "sub": "u", "exp": 1_000_000_000 }));
    world.register_secret(&expired);
    StoredSignIn::new(&world, HOUR).with("/tokens/id_token", expired.as_str()).stored(&world);
    let token = || world.command("token").arg("--id-token").allowed_to_print(Printed::IdToken);
    let finished = token().run();
    finished.exits(0).prints(&format!("{expired}\n")).says("warning: the ID token expired ");
    finished.says("login-cli refresh asks for a new one");
    let document = token().arg("--json").run().json();
    assert_eq!(document, json!({ "id_token": expired, "expires_at": "2001-09-09T01:46:40Z" }));
}

#[test]
fn missing_credential_is_an_error() {
    let world = World::new();
    world.signed_in(HOUR);
    world.command("token").arg("--api-key").run().exits(1).prints("").fails_with(
        "the stored sign-in has no API key",
        "login-cli create-key --save creates one in a browser, and stores it here",
    );
    world.register_secret(KEY);
    world.store(&format!(r#"{{"OPENAI_API_KEY":"{KEY}"}}"#));
    for (options, what) in [(vec![], "access token"), (vec!["--id-token"], "ID token")] {
        world
            .command("token")
            .args(options)
            .run()
            .exits(1)
            .prints("")
            .fails_with(&format!("the stored sign-in has no {what}"), "--api-key prints the key");
    }
    assert_eq!(world.sandbox.connections(), 0);
}

/// Some programs write `{}` on logout.
#[test]
fn empty_store_is_not_signed_in() {
    for stored in [None, Some("{}"), Some(r#"{"OPENAI_API_KEY":null,"tokens":null}"#)] {
        let world = World::new();
        stored.inspect(|stored| world.store(stored));
        let path = world.codex_home().join("auth.json");
        let error = format!("not signed in: there is no sign-in in {}", path.display());
        for command in ["token", "refresh", "exec", "status"] {
            let start = world.command(command);
            let start = if command == "exec" { start.args(["--", "/bin/true"]) } else { start };
            let finished = start.run();
            finished.exits(3).prints("").fails_with(&error, "sign in with login-cli login; without a browser, add --device, --with-api-key or --with-access-token");
        }
        assert_eq!(world.auth_json().as_deref(), stored);
        assert_eq!(world.sandbox.connections(), 0);
    }
}

// threats 168
#[test]
fn unreadable_file_is_reported_and_unchanged() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, 0).with("/tokens/refresh_token", json!(["x"])).text();
    for (text, place, hint) in [
        (
            "{\"tokens\": {",
            "line 1, column 12: it ends too early",
            "put the whole file back from a copy, or sign in again",
        ),
        (
            stored.as_str(),
            "field tokens.refresh_token: the value has the wrong type or form",
            "correct that line, or sign in again",
        ),
    ] {
        world.store(text);
        let path = world.codex_home().join("auth.json");
        for command in ["token", "refresh", "status"] {
            let finished = world.command(command).run();
            finished.exits(1).prints("").says(&format!("error: {}, line ", path.display()));
            finished.says(place).says(&format!("hint: {hint}"));
            finished
                .says(", or sign in again with login-cli login, which keeps a copy of the file");
            assert_eq!(world.auth_json().as_deref(), Some(text));
        }
    }
    assert_eq!(world.sandbox.connections(), 0);
}

/// Ten processes start together, and ten more during the refresh.
// threats 114
#[test]
fn one_of_twenty_processes_refreshes() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    world.signed_in(-HOUR);
    let ten = || (0..10).map(|_| world.command("token").start()).collect::<Vec<_>>();
    let mut all = ten();
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    let late = ten();
    late.iter().for_each(|running| running.says(WAITING));
    all.extend(late);
    world.sandbox.release();
    let ended: Vec<Finished> = all.into_iter().map(Running::finish).collect();
    let new = format!("{}\n", world.sandbox.issued().access_tokens.pop().unwrap());
    for finished in ended {
        finished.exits(0).prints(&new);
    }
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
}

const WAITING: &str = "Another program is using the stored sign-in; waiting for it.\n";

/// Without rotation, the refresh token stays the same.
// threats 124
#[test]
fn unrotated_refresh_token_is_accepted() {
    let refresh_tokens = vec!["rt_that-never-changes".to_owned(); 2];
    let fixed = Issued { refresh_tokens, ..Issued::default() };
    let world = World::with_scenario(Scenario { fixed, ..Scenario::default() });
    world.signed_in(0);
    assert_refreshes(&world);
    assert_eq!(world.auth_document()["tokens"]["refresh_token"], "rt_that-never-changes");
}

/// It is the latest token. The next call refreshes again.
// threats 124
#[test]
fn new_token_that_is_already_expired_is_printed() {
    let lifetimes = Lifetimes { access_token: Duration::ZERO, ..Lifetimes::default() };
    let world = World::with_scenario(Scenario { lifetimes, ..Scenario::default() });
    world.signed_in(-HOUR);
    assert_refreshes(&world);
    world.command("token").run().exits(0);
    assert_eq!(world.count(&Endpoint::TokenRefresh), 2);
}

/// Another refresh would return a token with the same lifetime.
// threats 123
#[test]
fn short_lived_new_token_is_not_refreshed_again() {
    let lifetimes = Lifetimes { access_token: Duration::from_secs(60), ..Lifetimes::default() };
    let world = World::with_scenario(Scenario { lifetimes, ..Scenario::default() });
    world.signed_in(-HOUR);
    assert_refreshes(&world);
    world.command("token").run().exits(0);
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
}

/// CI can write an old token with a new `last_refresh`.
// threats 123
#[test]
fn expired_token_is_refreshed_despite_recent_last_refresh() {
    let world = World::new();
    let now = jiff::Timestamp::try_from(crate::support::modified(&world.path("work"))).unwrap();
    let stored = StoredSignIn::new(&world, -HOUR).with("/last_refresh", now.to_string());
    stored.stored(&world);
    assert_refreshes(&world);
}
