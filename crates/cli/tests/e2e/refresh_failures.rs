//! Failed refreshes: what is stored, and what a script gets.

use std::time::Duration;

use sandbox::{Account, Endpoint, Fault, Lifetimes, Scenario, Then};
use serde_json::{Value, json};

use crate::support::{Finished, StoredSignIn, TEST_TIMEOUT, World, jwt};

const HOUR: i64 = 60 * 60;

/// The issuer ended the sign-in. The stored file stays until the user removes it.
#[track_caller]
fn assert_sign_in_ended(world: &World, stored: &StoredSignIn, words: &str) {
    world.store(&stored.text());
    for command in ["token", "refresh"] {
        let before = world.count(&Endpoint::TokenRefresh);
        let finished = world.command(command).with_trace_log().run();
        finished.exits(3).prints("").fails_with(
            &format!("the sign-in is no longer valid: the issuer refused: {words}"),
            "sign in again with login-cli login",
        );
        assert_eq!(world.count(&Endpoint::TokenRefresh) - before, 1);
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    }
}

// threats 112
#[test]
fn expired_or_revoked_refresh_token_ends_the_sign_in() {
    let lifetimes = Lifetimes { refresh_token: Duration::ZERO, ..Lifetimes::default() };
    let world = World::with_scenario(Scenario { lifetimes, ..Scenario::default() });
    let stored = world.signed_in(-HOUR);
    assert_sign_in_ended(
        &world,
        &stored,
        "HTTP 401, refresh_token_expired: The refresh token has expired.",
    );

    let world = World::new();
    let stored = world.signed_in(-HOUR);
    world.command("logout").run().exits(0);
    assert_sign_in_ended(
        &world,
        &stored,
        "HTTP 401, refresh_token_invalidated: The refresh token was revoked.",
    );
}

/// For example by a program with a copy of the file.
// threats 112
#[test]
fn reused_refresh_token_ends_the_sign_in() {
    let world = World::new();
    let stored = world.signed_in(-HOUR);
    world.command("token").run().exits(0);
    let words = "HTTP 401, refresh_token_reused: The refresh token was used already.";
    assert_sign_in_ended(&world, &stored, words);
}

// threats 112
#[test]
fn each_final_error_ends_the_sign_in() {
    for (then, words) in [
        (Then::json(400, json!({"error": "invalid_grant"})), "HTTP 400, invalid_grant"),
        (
            Then::json(400, json!({"error": {"code": "refresh_token_expired"}})),
            "HTTP 400, refresh_token_expired",
        ),
        (
            Then::json(403, json!({"error": {"code": "app_session_terminated"}})),
            "HTTP 403, app_session_terminated",
        ),
        (Then::json(400, json!({"error": "app_session_expired"})), "HTTP 400, app_session_expired"),
        (
            Then::json(400, json!({"error": {"code": "invalid_refresh_token", "message": "M"}})),
            "HTTP 400, invalid_refresh_token: M",
        ),
        (Then::json(401, json!({"error": "server_error"})), "HTTP 401, server_error"),
    ] {
        let world = World::failing(Endpoint::TokenRefresh, then);
        let stored = world.signed_in(-HOUR);
        assert_sign_in_ended(&world, &stored, words);
    }
}

/// A gateway has its own login page, which says nothing about the sign-in.
// threats 112 113
#[test]
fn unauthorized_from_a_gateway_keeps_the_sign_in() {
    for then in [
        Then::text(401, "text/html", "<html><h1>401 Authorization Required</h1></html>"),
        Then::json(401, json!({"message": "Unauthorized"})),
    ] {
        let world = World::failing(Endpoint::TokenRefresh, then.clone());
        let stored = world.signed_in(-HOUR);
        let finished = world.command("token").arg("--json").run();
        let error = finished.exits(1).says("cannot refresh the access token").json();
        let error = &error["error"];
        assert_eq!((&error["kind"], &error["transient"]), (&json!("refused"), &json!(true)));
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");

        let world = World::failing(Endpoint::TokenRefresh, then);
        let stored = world.signed_in(60);
        world.command("token").run().exits(0).prints(&format!("{}\n", stored.access_token));
    }
}

/// A program without locks refreshes at the same time and is first. The issuer refuses our token as
/// reused.
#[track_caller]
fn race_with_another_program(
    meanwhile: impl FnOnce(&World) -> Option<String>,
) -> (World, Finished) {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    // A token that the issuer does not know.
    let stored =
        StoredSignIn::new(&world, -HOUR).with("/tokens/refresh_token", "rt_from-elsewhere");
    stored.stored(&world);
    let running = world.command("token").with_trace_log().start();
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    let after = meanwhile(&world);
    world.sandbox.release();
    let finished = running.finish();
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
    assert!(world.auth_json() == after, "the file changed");
    (world, finished)
}

// threats 112 175
#[test]
fn newer_tokens_of_another_program_are_used() {
    let mut new = None;
    let (_world, finished) = race_with_another_program(|world| {
        let newer = world.signed_in(HOUR);
        new = Some(newer.access_token.clone());
        Some(newer.text())
    });
    finished.exits(0).prints(&format!("{}\n", new.unwrap()));
}

// threats 112 122
#[test]
fn sign_in_removed_by_another_program_is_not_signed_in() {
    let (world, finished) = race_with_another_program(|world| {
        std::fs::remove_file(world.codex_home().join("auth.json")).unwrap();
        None
    });
    let path = world.codex_home().join("auth.json");
    finished.exits(3).prints("").fails_with(
        &format!("not signed in: there is no sign-in in {}", path.display()),
        "sign in with login-cli login; without a browser, add --device, --with-api-key or --with-access-token",
    );
}

/// Both refreshes succeed. The stored tokens stay.
// threats 175
#[test]
fn tokens_of_another_program_are_not_overwritten() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    world.signed_in(-HOUR);
    let running = world.command("token").start();
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    let theirs = world.signed_in(HOUR);
    world.sandbox.release();
    running.finish().exits(0).prints(&format!("{}\n", theirs.access_token));
    assert!(world.auth_json().unwrap() == theirs.text(), "it was overwritten");
}

/// For example a logout by a program without locks.
// threats 122
#[test]
fn refresh_does_not_restore_a_removed_sign_in() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    world.signed_in(-HOUR);
    let running = world.command("token").start();
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    std::fs::remove_file(world.codex_home().join("auth.json")).unwrap();
    world.sandbox.release();
    running.finish().exits(3).prints("").says("error: not signed in: ");
    assert_eq!(world.auth_json(), None);
}

/// Temporary failures and their messages.
fn temporary_failures() -> Vec<(Then, &'static str)> {
    vec![
        (Then::json(500, json!({"error": "server_error"})), "HTTP 500, server_error"),
        (Then::text(503, "text/html", "<html>"), "HTTP 503, not JSON"),
        (Then::json(429, Value::Null), "HTTP 429"),
        (Then::text(403, "text/html", "<html>"), "HTTP 403, not JSON"),
        (Then::text(200, "text/html", "<html>"), "the issuer's response cannot be used"),
        (Then::Redirect { status: 307, location: "https://evil.test/".into() }, "HTTP 307"),
        (Then::Close, "the connection"),
        (Then::Reset, "the connection"),
    ]
}

// threats 113
#[test]
fn temporary_failure_changes_nothing() {
    for (then, words) in temporary_failures() {
        let world = World::failing(Endpoint::TokenRefresh, then);
        let stored = world.signed_in(-HOUR);
        for (count, command) in ["token", "refresh"].into_iter().enumerate() {
            let finished = world.command(command).with_trace_log().run();
            finished.exits(1).prints("").says("error: cannot refresh the access token: ");
            finished.says(words).says("\nhint: ");
            assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
            assert_eq!(world.count(&Endpoint::TokenRefresh), count + 1);
        }
    }
}

/// The token is valid for four more minutes.
// threats 113
#[test]
fn valid_token_is_printed_with_a_warning_if_refresh_fails() {
    for (then, words) in temporary_failures() {
        let world = World::failing(Endpoint::TokenRefresh, then);
        let stored = world.signed_in(240);
        let finished = world.command("token").with_trace_log().run();
        finished.exits(0).prints(&format!("{}\n", stored.access_token));
        finished.says("warning: cannot refresh the access token: ").says(words);
        finished.says("; the old token is valid for a little longer\n");
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    }
}

// threats 113
#[test]
fn valid_token_is_printed_without_network() {
    for seconds_left in [240, -HOUR] {
        let world = World::new();
        // A closed port.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let issuer = format!("http://{closed}");
        let id_token = jwt(&json!({"iss": issuer}));
        world.register_secret(&id_token);
        let stored = StoredSignIn::new(&world, seconds_left).with("/tokens/id_token", id_token);
        let stored = stored.stored(&world);
        let finished =
            world.command("token").without("--issuer", 1).args(["--issuer", &issuer]).run();
        if seconds_left > 0 {
            finished.exits(0).prints(&format!("{}\n", stored.access_token)).says("warning: ");
        } else {
            finished.exits(1).prints("").says("error: cannot refresh the access token: ");
        }
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    }
}

/// The response is lost after the token was used. The second attempt reports the end of the
/// sign-in.
// threats 112 116
#[test]
fn lost_response_ends_the_sign_in_at_the_next_refresh() {
    let fault = Fault::new(Endpoint::TokenRefresh, Then::Lose).on(sandbox::On::First(1));
    let world = World::with([fault]);
    let stored = world.signed_in(-HOUR);
    world.command("token").run().exits(1).prints("");
    assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    let words = "HTTP 401, refresh_token_reused: The refresh token was used already.";
    assert_sign_in_ended(&world, &stored, words);
    world.login().signs_in(Account::OWNER).exits(0);
}

/// The issuer comes from the ID token, then from the access token. Without both, it is OpenAI.
// threats 145
#[test]
fn tokens_without_issuer_are_not_sent() {
    for claims in [json!({"iss": "https://auth.openai.com", "exp": 1}), json!({"exp": 1})] {
        let world = World::new();
        let access_token = jwt(&claims);
        world.register_secret(&access_token);
        StoredSignIn::new(&world, -60)
            .with("/tokens/id_token", serde_json::Value::Null)
            .with("/tokens/access_token", access_token)
            .stored(&world);
        for command in ["token", "refresh", "logout"] {
            let finished = world.command(command).run();
            finished.exits(1).says("the stored sign-in is from https://auth.openai.com");
        }
        assert_eq!(world.sandbox.connections(), 0);
    }
}

/// The old access token has expired and is not printed.
// threats 110
#[test]
fn response_without_access_token_is_an_error() {
    for answer in [json!({}), json!({"refresh_token": "rt_the-next-one"})] {
        let world = World::failing(Endpoint::TokenRefresh, Then::json(200, answer.clone()));
        world.register_secret("rt_the-next-one");
        world.signed_in(-HOUR);
        for command in ["token", "refresh"] {
            let finished = world.command(command).run();
            finished.exits(1).prints("").says("error: the issuer sent an unusable access_token\n");
        }
        if let Some(next) = answer["refresh_token"].as_str() {
            assert!(world.auth_document()["tokens"]["refresh_token"] == next, "it is lost");
        }
    }
}
