//! `login-cli logout` revokes and removes a sign-in.

use std::fs;
use std::time::{Duration, Instant};

use sandbox::{Client, Endpoint, Fault, Then};
use serde_json::{Value, json};

use crate::support::{
    Finished, StoredSignIn, TEST_TIMEOUT, World, assert_headers, assert_request, jwt,
};

const USER_AGENT: &str = concat!("login-cli/", env!("CARGO_PKG_VERSION"));
const HOUR: i64 = 60 * 60;
const WAITING: &str = "Another program is using the stored sign-in; waiting for it.\n";

fn location(world: &World) -> String {
    world.codex_home().join("auth.json").display().to_string()
}

/// The files that stay after a logout.
const LOCKS: [&str; 2] = ["auth.json.lock", "auth.lock"];

/// The credentials are removed although the issuer did not confirm the revocation. A warning says
/// so.
#[track_caller]
fn assert_only_removed(world: &World, why: &str) -> Finished {
    let finished = world.command("logout").with_trace_log().run();
    finished.exits(1).prints("");
    finished.says(&format!("Signed out: removed from {}.\n", location(world)));
    finished
        .says(" was removed, but its tokens could not be revoked and may still be valid: ")
        .says(why);
    finished.says("hint: end the session in the security settings of your account");
    assert_eq!(world.stored_names(), LOCKS);
    finished
}

// threats 179
#[test]
fn logout_revokes_and_removes() {
    let world = World::new();
    let stored = world.signed_in(HOUR);
    let finished = world.command("logout").run();
    finished.exits(0).prints("");
    let expected = format!("Signed out: revoked, and removed from {}.\n", location(&world));
    assert_eq!(finished.stderr, expected);
    assert_eq!(world.stored_names(), LOCKS);
    assert_revoked(&world, "refresh_token", &stored.refresh_token);
    world.command("token").run().exits(3);
    world.command("status").run().exits(3);
}

#[cfg(unix)]
#[test]
fn logout_shows_the_path_like_login() {
    let world = World::new();
    let codex_home = world.path("home/.codex");
    let login = world.login().env("CODEX_HOME", &codex_home).signs_in(sandbox::Account::OWNER);
    login.exits(0).says(", stored in ~/.codex/auth.json\n");
    let finished = world.command("logout").env("CODEX_HOME", &codex_home).run();
    finished.exits(0).says("Signed out: revoked, and removed from ~/.codex/auth.json.\n");
}

/// Exactly one request in the documented form.
#[track_caller]
fn assert_revoked(world: &World, hint: &str, token: &str) {
    let [request] = world.sandbox.requests().try_into().unwrap();
    assert_request(&request, "POST", "/oauth/revoke", None);
    assert_headers(&request, USER_AGENT, &["content-length", "content-type"]);
    let client_id = Client::SIGN_IN;
    let body =
        format!(r#"{{"token":"{token}","token_type_hint":"{hint}","client_id":"{client_id}"}}"#);
    assert!(request.body == body.as_bytes(), "the body differs");
}

// threats 179
#[test]
fn without_refresh_token_the_access_token_is_revoked() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, HOUR).with("/tokens/refresh_token", "").stored(&world);
    world.command("logout").run().exits(0).says("Signed out: revoked, and removed from ");
    assert_revoked(&world, "access_token", &stored.access_token);
}

/// No request revokes a key, so the message explains how to delete it.
// threats 179
#[test]
fn removed_api_key_stays_valid() {
    let world = World::new();
    let key = "sk-proj-a-key-that-was-stored";
    let message = "The API key that was stored here stays valid. To end it, delete it at \
                https://platform.openai.com/api-keys. If a sign-in created it, its name there is \
                \"Codex CLI [auto-generated]\" with the date.\n";
    StoredSignIn::new(&world, HOUR).with_key(&world, key).stored(&world);
    world.command("logout").run().exits(0).says("Signed out: revoked, and removed").says(message);
    world.store(&format!(r#"{{"auth_mode":"apikey","OPENAI_API_KEY":"{key}"}}"#));
    world.command("logout").run().exits(0).says("Signed out: removed from ").says(message);
    assert_eq!(world.stored_names(), LOCKS);
    assert_eq!(world.count(&Endpoint::Any), 1);
}

// threats 179
#[test]
fn failed_revocation_still_removes_the_sign_in() {
    for (then, why) in [
        (Then::json(503, json!({"error": "temporarily_unavailable"})), "HTTP 503"),
        (Then::text(404, "text/html", "<html>"), "HTTP 404, not JSON"),
        (Then::Close, "connection"),
        (Then::Reset, "connection"),
    ] {
        let world = World::failing(Endpoint::Revoke, then);
        world.signed_in(HOUR);
        assert_only_removed(&world, why);
    }
}

// threats 179
#[test]
fn unresponsive_issuer_times_out_after_five_seconds() {
    let world = World::failing(Endpoint::Revoke, Then::Hang);
    world.signed_in(HOUR);
    let since = Instant::now();
    assert_only_removed(&world, "the issuer did not respond within 5s");
    let took = since.elapsed();
    assert!((Duration::from_secs(5)..Duration::from_secs(15)).contains(&took), "{took:?}");
}

// threats 145 179
#[test]
fn tokens_of_another_issuer_are_not_sent() {
    let world = World::new();
    let id_token = jwt(&json!({"iss": "https://auth.elsewhere.test"}));
    world.register_secret(&id_token);
    StoredSignIn::new(&world, HOUR).with("/tokens/id_token", id_token).stored(&world);
    let before = world.auth_json();
    let finished = world.command("logout").run();
    finished.exits(1).prints("").says("hint: give --issuer https://auth.elsewhere.test\n");
    let all = world.command("logout").args(["--all", "--json"]).run();
    all.exits(1).says("The profile default was not signed out.\n");
    let entry = &all.json()["profiles"][0];
    for field in ["was_signed_in", "api_key_still_valid", "access_token_still_valid"] {
        assert_eq!(entry[field], Value::Null, "{field}");
    }
    assert_eq!(world.sandbox.connections(), 0);
    assert_eq!(world.auth_json(), before, "it can still be ended there");
    world.command("logout").arg("--local").run().exits(0);
    assert_eq!(world.auth_json(), None);
}

// threats 179
#[test]
fn logout_without_a_sign_in_does_nothing() {
    let world = World::new();
    for _ in 0..2 {
        let finished = world.command("logout").run();
        finished.exits(0).prints("");
        assert_eq!(finished.stderr, "You were not signed in.\n");
    }
    world.store("{}");
    world.command("logout").run().exits(0).says("Signed out: removed from ");
    assert_eq!(world.stored_names(), LOCKS);
    assert_eq!(world.sandbox.connections(), 0);
}

// threats 168 179
#[test]
fn unreadable_file_is_removed() {
    for text in ["{\"tokens\":", "[]", "{\"tokens\":7}"] {
        let world = World::new();
        world.store(text);
        assert_only_removed(&world, "auth.json, line 1, column ");
        assert_eq!(world.sandbox.connections(), 0);
    }
}

/// A dotfile manager keeps the link for the next sign-in.
// threats 159 160 179
#[cfg(unix)]
#[test]
fn target_of_link_is_removed_and_link_is_kept() {
    let world = World::new();
    let stored = world.signed_in(HOUR);
    let (link, target) = (world.codex_home().join("auth.json"), world.path("home/kept.json"));
    fs::rename(&link, &target).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    world.command("logout").run().exits(0).says("Signed out: revoked, and removed from ");
    assert_eq!(fs::read_link(&link).unwrap(), target);
    assert!(!target.exists());
    assert_revoked(&world, "refresh_token", &stored.refresh_token);
}

/// The tokens of the refresh are revoked and not stored.
// threats 122
#[test]
fn logout_waits_for_a_refresh_and_revokes_its_tokens() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    world.signed_in(-HOUR);
    let refresh = world.command("refresh").start();
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    let logout = world.command("logout").start();
    logout.says(WAITING);
    assert!(world.auth_json().is_some());
    world.sandbox.release();
    refresh.finish().exits(0);
    logout.finish().exits(0).says("Signed out: revoked, and removed from ");
    assert_eq!(world.stored_names(), LOCKS);
    let [request] = world.sandbox.requests_at(&Endpoint::Revoke).try_into().unwrap();
    let [_, rotated] = world.sandbox.issued().refresh_tokens.try_into().unwrap();
    assert!(request.json().unwrap()["token"] == *rotated, "another token was revoked");
}

// threats 122
#[test]
fn refresh_after_logout_restores_nothing() {
    let world = World::failing(Endpoint::Revoke, Then::Hold);
    world.signed_in(-HOUR);
    let logout = world.command("logout").start();
    world.sandbox.wait_for_requests_blocking(&Endpoint::Revoke, 1, TEST_TIMEOUT).unwrap();
    let token = world.command("token").start();
    token.says(WAITING);
    world.sandbox.release();
    logout.finish().exits(0);
    token.finish().exits(3).prints("").says("error: not signed in: ");
    assert_eq!(world.stored_names(), LOCKS);
    assert_eq!(world.count(&Endpoint::TokenRefresh), 0);
}

/// A failure in one profile does not stop the others.
// threats 179
#[test]
fn logout_all_ends_every_profile() {
    let fault = Fault::new(Endpoint::Revoke, Then::json(503, json!({}))).on(sandbox::On::First(1));
    let world = World::with([fault]);
    world.signed_in(HOUR);
    for name in ["play", "work"] {
        let folder = world.codex_home().join("profiles").join(name);
        fs::create_dir_all(&folder).unwrap();
        let stored = StoredSignIn::new(&world, HOUR);
        crate::support::write(&folder.join("auth.json"), &stored.text());
    }
    let finished = world.command("logout").arg("--all").run();
    finished.exits(1).prints("").says(" was removed, but its tokens could not be revoked");
    assert_eq!(finished.stderr.matches("Signed out: revoked, and removed from ").count(), 2);
    assert_eq!(finished.stderr.matches("Signed out: removed from ").count(), 1);
    for (name, folder) in world.profiles() {
        assert!(!folder.join("auth.json").exists(), "{name}");
    }
    assert_eq!(world.auth_json(), None);
    let revoked = world.sandbox.requests_at(&Endpoint::Revoke);
    let tokens = revoked.iter().map(|request| request.json().unwrap()["token"].clone());
    assert!(tokens.eq(world.sandbox.issued().refresh_tokens), "other tokens were revoked");
    world.command("logout").args(["--all", "--profile", "work"]).run().exits(2);
}
