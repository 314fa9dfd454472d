//! `login-cli token`: what a script calls in a loop.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sandbox::{Endpoint, Fixed, Lifetimes, Scenario, Then};
use serde_json::json;

use crate::support::{Finished, PATIENCE, Printed, Running, StoredSignIn, World, claims, jwt};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Nothing is asked, and nothing is written: not even a lock file.
#[track_caller]
fn costs_one_read(world: &World, finished: &Finished, before: &str) {
    finished.exits(0);
    assert_eq!(finished.stderr, "");
    assert_eq!(world.sandbox.connections(), 0);
    assert_eq!(world.auth_json().as_deref(), Some(before));
    assert_eq!(world.stored_names(), ["auth.json"]);
}

// threats 108
#[test]
fn a_token_that_is_fresh_is_printed_and_that_is_all() {
    for seconds_left in [6 * MINUTE, HOUR, 3650 * DAY] {
        let world = World::new();
        let stored = world.signed_in(seconds_left);
        let finished = world.command("token").run();
        finished.prints(&format!("{}\n", stored.access_token));
        costs_one_read(&world, &finished, &stored.text());
    }
}

/// It does not say when it expires.
// threats 108
#[test]
fn an_opaque_token_is_fresh_for_eight_days() {
    let world = World::new();
    world.plant(OPAQUE);
    let stored = StoredSignIn::new(&world, 0).with("/tokens/access_token", OPAQUE);
    let nine_days_ago: Timestamp =
        stored.document["last_refresh"].as_str().unwrap().parse().unwrap();
    let seven_days_ago = nine_days_ago + SignedDuration::from_hours(48);
    let stored = stored.with("/last_refresh", seven_days_ago.to_string()).stored(&world);
    let finished = world.command("token").run();
    finished.prints(&format!("{OPAQUE}\n"));
    costs_one_read(&world, &finished, &stored.text());

    stored.with("/last_refresh", nine_days_ago.to_string()).stored(&world);
    refreshes(&world);
}

const OPAQUE: &str = "an-access-token-that-is-no-jwt";

/// One refresh, whose access token is the result.
#[track_caller]
fn refreshes(world: &World) {
    let finished = world.command("token").logged().run();
    let new = world.sandbox.issued().access_tokens.pop().unwrap();
    finished.exits(0).prints(&format!("{new}\n"));
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
    assert_eq!(world.sandbox.requests().len(), 1);
    assert_eq!(world.auth_document()["tokens"]["access_token"], *new);
}

// threats 109
#[test]
fn a_token_that_is_due_is_refreshed_and_the_new_one_is_printed() {
    for seconds_left in [4 * MINUTE, 0, -HOUR, -3650 * DAY] {
        let world = World::new();
        world.signed_in(seconds_left);
        refreshes(&world);
    }
}

#[test]
fn a_reader_of_the_output_sees_the_token_and_nothing_else() {
    let world = World::new();
    world.signed_in(0);
    let finished = world.command("token").run();
    finished.exits(0);
    assert_eq!(finished.stderr, "");
    assert_eq!(finished.stdout.matches('\n').count(), 1);
    assert_eq!(claims(finished.stdout.trim_end())["scp"][0], "openid");
}

#[test]
fn the_id_token_and_the_key_are_printed_where_they_are_asked_for() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, HOUR).with_key(&world, KEY).stored(&world);
    let id_token = world.command("token").arg("--id-token").printing(Printed::IdToken).run();
    id_token.prints(&format!("{}\n", stored.id_token));
    costs_one_read(&world, &id_token, &stored.text());
    let key = world.command("token").arg("--api-key").printing(Printed::ApiKey).run();
    key.prints(&format!("{KEY}\n"));
    costs_one_read(&world, &key, &stored.text());
    world.command("token").args(["--api-key", "--id-token"]).run().exits(2).prints("");
}

const KEY: &str = "sk-proj-a-key-that-was-stored";

/// A key has no expiry, whatever becomes of the tokens beside it.
#[test]
fn a_key_needs_no_refresh() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, -HOUR).with_key(&world, KEY).stored(&world);
    let finished = world.command("token").arg("--api-key").printing(Printed::ApiKey).run();
    finished.prints(&format!("{KEY}\n"));
    costs_one_read(&world, &finished, &stored.text());
}

#[test]
fn an_id_token_that_is_asked_for_is_a_new_one_where_the_access_token_is_due() {
    let world = World::new();
    world.signed_in(0);
    let finished = world.command("token").arg("--id-token").printing(Printed::IdToken).run();
    let new = world.sandbox.issued().id_tokens.pop().unwrap();
    finished.exits(0).prints(&format!("{new}\n"));
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
}

/// It still says who signed in; a server would not take it.
#[test]
fn an_expired_id_token_is_printed_with_a_warning() {
    let world = World::new();
    let expired =
        jwt(&json!({ "iss": world.sandbox.issuer_url(), "sub": "u", "exp": 1_000_000_000 }));
    world.plant(&expired);
    StoredSignIn::new(&world, HOUR).with("/tokens/id_token", expired.as_str()).stored(&world);
    let token = || world.command("token").arg("--id-token").printing(Printed::IdToken);
    let finished = token().run();
    finished.exits(0).prints(&format!("{expired}\n")).says("warning: the ID token expired ");
    finished.says("login-cli refresh asks for a new one");
    let document = token().arg("--json").run().json();
    assert_eq!(document, json!({ "id_token": expired, "expires_at": "2001-09-09T01:46:40Z" }));
}

#[test]
fn what_is_not_held_is_not_printed() {
    let world = World::new();
    world.signed_in(HOUR);
    world.command("token").arg("--api-key").run().exits(1).prints("").fails_with(
        "the stored sign-in has no API key",
        "login-cli create-key --save makes one and keeps it here",
    );
    world.plant(KEY);
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

/// `{}` is what some programs leave after a logout.
#[test]
fn nobody_is_signed_in_where_nothing_is_stored() {
    for stored in [None, Some("{}"), Some(r#"{"OPENAI_API_KEY":null,"tokens":null}"#)] {
        let world = World::new();
        stored.inspect(|stored| world.store(stored));
        let path = world.codex_home().join("auth.json");
        let error = format!("not signed in: there is no sign-in in {}", path.display());
        for command in ["token", "refresh", "exec", "status"] {
            let start = world.command(command);
            let start = if command == "exec" { start.args(["--", "/bin/true"]) } else { start };
            let finished = start.run();
            finished.exits(3).prints("").fails_with(&error, "sign in with login-cli login");
        }
        assert_eq!(world.auth_json().as_deref(), stored);
        assert_eq!(world.sandbox.connections(), 0);
    }
}

// threats 168
#[test]
fn a_file_that_cannot_be_read_is_named_and_left_alone() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, 0).with("/tokens/refresh_token", json!(["x"])).text();
    for (text, place, hint) in [
        (
            "{\"tokens\": {",
            "line 1, column 12, field tokens: it ends too early",
            "put the whole file",
        ),
        (
            stored.as_str(),
            "field tokens.refresh_token: the value has the wrong type or form",
            "write one text in quotes",
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

/// Ten come at the same moment, and ten while one of these is at it.
// threats 114
#[test]
fn of_twenty_who_ask_at_once_one_refreshes() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    world.signed_in(-HOUR);
    let ten = || (0..10).map(|_| world.command("token").start()).collect::<Vec<_>>();
    let mut all = ten();
    world.sandbox.wait_for(&Endpoint::TokenRefresh, 1, PATIENCE).unwrap();
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

/// Without rotation, the old refresh token is the new one.
// threats 124
#[test]
fn the_same_refresh_token_again_is_accepted() {
    let refresh_tokens = vec!["rt_that-never-changes".to_owned(); 2];
    let fixed = Fixed { refresh_tokens, ..Fixed::default() };
    let world = World::with_scenario(Scenario { fixed, ..Scenario::default() });
    world.signed_in(0);
    refreshes(&world);
    assert_eq!(world.auth_document()["tokens"]["refresh_token"], "rt_that-never-changes");
}

/// It is what the issuer has. The next call asks again: an expired token is never handed out while it
/// can be refreshed.
// threats 124
#[test]
fn a_new_access_token_that_is_over_already_is_handed_out() {
    let lifetimes = Lifetimes { access_token: Duration::ZERO, ..Lifetimes::default() };
    let world = World::with_scenario(Scenario { lifetimes, ..Scenario::default() });
    world.signed_in(-HOUR);
    refreshes(&world);
    world.command("token").run().exits(0);
    assert_eq!(world.count(&Endpoint::TokenRefresh), 2);
}

/// Asking again would bring another one that lives as short.
// threats 123
#[test]
fn a_new_access_token_with_little_time_is_not_refreshed_at_once() {
    let lifetimes = Lifetimes { access_token: Duration::from_secs(60), ..Lifetimes::default() };
    let world = World::with_scenario(Scenario { lifetimes, ..Scenario::default() });
    world.signed_in(-HOUR);
    refreshes(&world);
    world.command("token").run().exits(0);
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
}

/// CI puts an old token into a file with the time of its run.
// threats 123
#[test]
fn an_expired_token_is_refreshed_however_new_its_file_says_it_is() {
    let world = World::new();
    let now = jiff::Timestamp::try_from(crate::support::modified(&world.path("work"))).unwrap();
    let stored = StoredSignIn::new(&world, -HOUR).with("/last_refresh", now.to_string());
    stored.stored(&world);
    refreshes(&world);
}
