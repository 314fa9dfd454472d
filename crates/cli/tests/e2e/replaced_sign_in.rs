//! A new login replaces an old sign-in. The old one ends only after the new one is on disk.

use sandbox::{Account, Body, Endpoint, Reply, Then};
use serde_json::json;

use crate::support::{Finished, Start, StoredSignIn, TEST_TIMEOUT, World, jwt};

const HOUR: i64 = 60 * 60;

/// The stored tokens are the latest ones.
#[track_caller]
fn assert_new(world: &World) {
    let (stored, issued) = (world.auth_document(), world.sandbox.issued());
    let tokens = &stored["tokens"];
    assert!(tokens["access_token"] == *issued.access_tokens.last().unwrap());
    assert!(tokens["refresh_token"] == *issued.refresh_tokens.last().unwrap());
    assert!(tokens["id_token"] == *issued.id_tokens.last().unwrap());
}

/// The revoked tokens in order.
fn revoked_tokens(world: &World) -> Vec<String> {
    let requests = world.sandbox.requests_at(&Endpoint::Revoke);
    let token = |body: serde_json::Value| body["token"].as_str().unwrap().to_owned();
    requests.iter().map(|request| token(request.json().unwrap())).collect()
}

/// A sign-in of another account, which a new one replaces and revokes.
fn signed_in_as_another(world: &World, seconds_left: i64) -> StoredSignIn {
    StoredSignIn::minted(world, Account::NEW_OWNER, seconds_left).stored(world)
}

/// The revocation is the last request; the new tokens are stored before it.
#[test]
fn old_tokens_are_revoked_after_new_ones_are_stored() {
    let world = World::failing(Endpoint::Revoke, Then::Hold);
    let stored = signed_in_as_another(&world, HOUR);
    let running = world.login().start();
    let visit = running.start_visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::Revoke, 1, TEST_TIMEOUT).unwrap();
    assert_new(&world);
    assert_eq!(world.sandbox.requests().last().unwrap().endpoint, Endpoint::Revoke);
    assert_eq!(world.count(&Endpoint::TokenExchange), 1);
    // The browser does not wait for the revocation.
    assert_eq!(running.join_visit(visit).last().unwrap().status, 200);
    world.sandbox.release();
    running.finish().exits(0).says_nothing_of("warning: ").says(
        "This replaced the sign-in of Grace Hopper <grace@example.com>. Its tokens were revoked.\n",
    );
    assert!(revoked_tokens(&world) == [stored.refresh_token], "other tokens were revoked");
    assert_new(&world);
}

/// JSON distinguishes an unneeded revocation from a failed one.
// threats 212
#[test]
fn json_reports_the_revocation_of_replaced_tokens() {
    let refusal = Reply { status: 503, headers: vec![], body: Body::Json(json!({})) };
    for (account, then, revoked, revocation) in [
        (Account::NEW_OWNER, None, true, "done"),
        (Account::NEW_OWNER, Some(Then::Respond(refusal)), false, "failed"),
        (Account::OWNER, None, false, "withheld"),
    ] {
        let world = match then {
            Some(then) => World::failing(Endpoint::Revoke, then),
            None => World::new(),
        };
        StoredSignIn::minted(&world, account, HOUR).stored(&world);
        let finished = world.login().arg("--json").signs_in(Account::OWNER);
        let replaced = &finished.exits(0).json()["replaced"];
        assert_eq!(
            (&replaced["revoked"], &replaced["revocation"]),
            (&json!(revoked), &json!(revocation))
        );
    }
}

/// Only its owner can revoke it.
#[test]
fn replaced_api_key_or_personal_access_token_stays_valid() {
    let (key, pat) = ("sk-proj-a-key-that-was-stored", "at-a-personal-access-token-of-theirs");
    for (stored, words, name) in [
        (json!({ "OPENAI_API_KEY": key }), "the API key", "api_key"),
        (
            json!({ "OPENAI_API_KEY": null, "personal_access_token": pat }),
            "the personal access token",
            "personal_access_token",
        ),
    ] {
        let world = World::new();
        world.register_secret(key);
        world.register_secret(pat);
        world.store(&stored.to_string());
        let finished = world.login().arg("--json").signs_in(Account::OWNER);
        finished.exits(0).says(&format!(
            "This replaced {words} that was stored here. It stays valid; to end it, "
        ));
        assert_eq!(finished.json()["replaced"]["still_valid"], name);
        assert_eq!(world.count(&Endpoint::Revoke), 0);
    }
}

/// A revocation would end the original sign-in of the imported token. Credentials of other programs
/// are unknown.
#[test]
fn replaced_imported_token_or_other_sign_in_is_reported() {
    let world = World::new();
    let imported = world.sandbox.mint(Account::NEW_OWNER).unwrap().access_token;
    world.command("login").arg("--with-access-token").with_stdin(imported.as_str()).run().exits(0);
    let finished = world.login().arg("--json").signs_in(Account::OWNER);
    finished
        .exits(0)
        .says("This replaced the imported access token of grace@example.com, which stays");
    let replaced = &finished.json()["replaced"];
    assert_eq!(replaced["still_valid"], "access_token");
    assert_eq!(replaced["other_user"], true);

    let world = World::new();
    world.store(r#"{"auth_mode":"bedrockApiKey","bedrock":{"key":"theirs"}}"#);
    let finished = world.login().arg("--json").signs_in(Account::OWNER);
    finished.exits(0).says("This replaced the sign-in of another program (mode bedrockApiKey)");
    assert_eq!(finished.json()["replaced"]["still_valid"], "other_program");
    assert_eq!(world.count(&Endpoint::Revoke), 0);
}

/// Codex CLI keeps the tokens of an earlier sign-in next to a personal access token.
#[test]
fn tokens_next_to_replaced_personal_access_token_are_revoked() {
    let world = World::new();
    let pat = "at-a-personal-access-token-of-theirs";
    world.register_secret(pat);
    StoredSignIn::minted(&world, Account::NEW_OWNER, HOUR)
        .with("/auth_mode", json!(null))
        .with("/personal_access_token", pat)
        .stored(&world);
    let finished = world.login().signs_in(Account::OWNER);
    finished.exits(0).says("This replaced the personal access token that was stored here.");
    finished.says(
        "This replaced the sign-in of Grace Hopper <grace@example.com>. Its tokens were revoked.",
    );
    assert_eq!(world.count(&Endpoint::Revoke), 1);
}

#[test]
fn first_sign_in_revokes_nothing() {
    let key = "sk-proj-a-key-that-was-stored";
    for stored in [None, Some("{}".to_owned()), Some(format!(r#"{{"OPENAI_API_KEY":"{key}"}}"#))] {
        let world = World::new();
        world.register_secret(key);
        stored.inspect(|stored| world.store(stored));
        world.login().signs_in(Account::OWNER).exits(0).says_nothing_of("warning: ");
        assert_new(&world);
        assert_eq!(world.count(&Endpoint::Revoke), 0);
    }
}

/// An unreadable file has no known tokens.
// threats 168
#[test]
fn unreadable_file_is_backed_up_and_nothing_is_revoked() {
    let world = World::new();
    world.store("{\"tokens\":{");
    world
        .login()
        .signs_in(Account::OWNER)
        .exits(0)
        .says("warning: the old auth.json was unreadable");
    assert_new(&world);
    assert_eq!(world.count(&Endpoint::Revoke), 0);
}

const STILL_VALID: &str =
    "warning: tokens that are no longer stored could not be revoked, and may still be valid: ";

#[test]
fn failed_revocation_is_a_warning() {
    for (then, why) in [
        (Then::json(503, json!({})), "the issuer refused: HTTP 503"),
        (Then::Reset, "connection"),
        (Then::Hang, "the issuer did not respond within 5s"),
    ] {
        let world = World::failing(Endpoint::Revoke, then);
        signed_in_as_another(&world, HOUR);
        let finished = world.login().with_trace_log().signs_in(Account::OWNER);
        finished.exits(0).says(STILL_VALID).says(why).says("Signed in as Ada Lovelace");
        assert_eq!(finished.trails[0].last().unwrap().status, 200);
        assert_new(&world);
    }
}

/// The login fails, and the old sign-in is unchanged and valid.
#[track_caller]
fn assert_keeps_old_sign_in(world: &World, login: impl Fn(Start<'_>) -> Finished) {
    let stored = world.signed_in(HOUR);
    let finished = login(world.login().with_trace_log());
    assert!([1, 130].contains(&finished.code), "{}", finished.stderr);
    assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    assert!(!revoked_tokens(world).contains(&stored.refresh_token), "it was revoked");
    world.command("refresh").run().exits(0);
}

#[test]
fn failed_login_keeps_the_old_sign_in() {
    let other = Then::Merge(json!({"id_token": jwt(&json!({"iss": "https://evil.test"}))}));
    for (at, then) in [
        (Endpoint::TokenCode, Then::json(500, json!({}))),
        (Endpoint::TokenCode, Then::Lose),
        (Endpoint::TokenCode, other),
        (Endpoint::TokenExchange, Then::json(401, json!({}))),
        (Endpoint::TokenExchange, Then::Lose),
    ] {
        assert_keeps_old_sign_in(&World::failing(at, then), |start| {
            start.arg("--require-api-key").signs_in(Account::OWNER)
        });
    }
    assert_keeps_old_sign_in(&World::new(), |start| start.signs_in(Account::DENIER));
    assert_keeps_old_sign_in(&World::new(), |start| {
        start.arg("--require-api-key").signs_in(Account::MEMBER)
    });
    assert_keeps_old_sign_in(&World::new(), |start| start.args(["--timeout", "1ms"]).run());
}

// threats 51
#[cfg(unix)]
#[test]
fn cancelled_login_keeps_the_old_sign_in() {
    assert_keeps_old_sign_in(&World::new(), |start| {
        let running = start.start();
        running.auth_url();
        running.signal(rustix::process::Signal::INT);
        running.finish()
    });
}

/// The new sign-in is already stored.
// threats 51
#[cfg(unix)]
#[test]
fn interrupt_during_revocation_keeps_the_new_sign_in() {
    let world = World::failing(Endpoint::Revoke, Then::Hold);
    signed_in_as_another(&world, HOUR);
    let running = world.login().start();
    running.visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::Revoke, 1, TEST_TIMEOUT).unwrap();
    running.signal(rustix::process::Signal::INT);
    let path = world.codex_home().join("auth.json");
    let hint = format!("hint: the credentials are in {} all the same\n", path.display());
    running.finish().exits(130).says(&hint);
    assert_new(&world);
}

/// The login starts during a refresh. The login wins and replaces the tokens of the refresh.
// threats 122
#[test]
fn login_waits_for_a_refresh_and_revokes_its_tokens() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    signed_in_as_another(&world, -HOUR);
    let refresh = world.command("refresh").start();
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    let login = world.login().start();
    let visit = login.start_visit(Account::OWNER);
    login.says("Another program is using the stored sign-in; waiting for it");
    world.sandbox.release();
    refresh.finish().exits(0);
    assert_eq!(login.join_visit(visit).last().unwrap().status, 200);
    login.finish().exits(0);
    assert_new(&world);
    // The refresh used the first token and returned the second.
    assert!(revoked_tokens(&world) == [world.sandbox.issued().refresh_tokens[1].clone()]);
    world.command("refresh").run().exits(0);
}

/// `token` does not wait for the revocation.
#[test]
fn new_tokens_are_available_during_the_revocation() {
    let world = World::failing(Endpoint::Revoke, Then::Hold);
    signed_in_as_another(&world, -HOUR);
    let login = world.login().start();
    login.visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::Revoke, 1, TEST_TIMEOUT).unwrap();
    let new = world.sandbox.issued().access_tokens.pop().unwrap();
    world.command("token").run().exits(0).prints(&format!("{new}\n"));
    world.command("refresh").run().exits(0);
    world.sandbox.release();
    login.finish().exits(0);
    assert_new(&world);
}
