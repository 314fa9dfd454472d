//! Successful refreshes, and partly invalid responses.

use sandbox::{Account, Client, Endpoint, Fault, Lifetimes, On, Scenario, Then};
use serde_json::{Value, json};

use crate::support::{Finished, StoredSignIn, World, assert_headers, assert_request, claims, jwt};

const USER_AGENT: &str = concat!("login-cli/", env!("CARGO_PKG_VERSION"));
const HOUR: i64 = 60 * 60;

/// The document has these new tokens and a new `last_refresh`. The other fields are unchanged.
#[track_caller]
fn assert_refreshed(world: &World, before: &StoredSignIn, brought: &[&str]) {
    let issued = world.sandbox.issued();
    let mut expected = before.document.clone();
    for name in brought {
        let issued = match *name {
            "id_token" => &issued.id_tokens,
            "access_token" => &issued.access_tokens,
            _ => &issued.refresh_tokens,
        };
        expected["tokens"][name] = json!(issued.last().unwrap());
    }
    let after = world.auth_document();
    assert_ne!(after["last_refresh"], expected["last_refresh"]);
    expected["last_refresh"] = after["last_refresh"].clone();
    let (text, expected) = (world.auth_json().unwrap(), serde_json::to_string_pretty(&expected));
    assert!(text == expected.unwrap(), "the document differs");
}

const ALL: [&str; 3] = ["id_token", "access_token", "refresh_token"];

/// All other fields keep their place and exact numbers.
// threats 109 169
#[test]
fn refresh_replaces_only_the_tokens() {
    let world = World::new();
    let number: Value = serde_json::from_str("12345678901234567890.10").unwrap();
    let stored = StoredSignIn::new(&world, HOUR)
        .with_key(&world, "sk-proj-a-key-that-stays")
        .with("/tokens/scope", json!({"z": [1, {"y": null}], "a": number}))
        .with("/agent_identity", json!({"b": true, "a": "\u{1f511}"}))
        .stored(&world);
    let finished = world.command("refresh").with_trace_log().run();
    finished.exits(0).prints("").says("Refreshed. The access token expires in 9 days.\n");
    assert_refreshed(&world, &stored, &ALL);
    assert_eq!(world.stored_names(), ["auth.json", "auth.json.lock", "auth.lock"]);
    assert_private(&world);
}

#[track_caller]
fn assert_private(world: &World) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(world.codex_home().join("auth.json")).unwrap();
        assert_eq!(file.permissions().mode() & 0o7777, 0o600);
    }
    let _ = world;
}

// threats 109
#[test]
fn refresh_sends_the_documented_request() {
    let world = World::new();
    let stored = world.signed_in(0);
    world.command("refresh").run().exits(0);
    let [request] = world.sandbox.requests().try_into().unwrap();
    assert_request(&request, "POST", "/oauth/token", None);
    assert_headers(&request, USER_AGENT, &["content-length", "content-type"]);
    assert_eq!(request.header("content-type"), Some("application/json"));
    let body = format!(
        r#"{{"client_id":"{}","grant_type":"refresh_token","refresh_token":"{}"}}"#,
        Client::SIGN_IN,
        stored.refresh_token
    );
    assert!(request.body == body.as_bytes(), "the body differs");
}

// threats 109
#[test]
fn each_refresh_uses_the_latest_refresh_token() {
    let world = World::new();
    let stored = world.signed_in(HOUR);
    for _ in 0..3 {
        world.command("refresh").run().exits(0);
        assert_refreshed(&world, &stored, &ALL);
    }
    assert_eq!(world.count(&Endpoint::TokenRefresh), 3);
}

/// A token that is not in the response stays valid (RFC 6749 section 6).
// threats 110 111
#[test]
fn missing_tokens_in_response_stay_unchanged() {
    for absent in ["refresh_token", "id_token"] {
        let world = World::failing(Endpoint::TokenRefresh, Then::Merge(json!({absent: null})));
        let stored = world.signed_in(0);
        world.command("token").run().exits(0);
        let brought: Vec<&str> = ALL.into_iter().filter(|name| *name != absent).collect();
        assert_refreshed(&world, &stored, &brought);
    }
}

/// The first response has a wrong value at `pointer`; the second response is right.
#[track_caller]
fn assert_not_used(pointer: &str, value: impl Fn(&Value) -> Value) -> Finished {
    let scenario = Scenario::default();
    let owner = World::with_scenario(scenario.clone());
    let id_token = claims(&owner.sandbox.mint(Account::OWNER).unwrap().id_token);
    drop(owner);
    let then = Then::Replace { pointer: pointer.to_owned(), value: value(&id_token) };
    let fault = Fault::new(Endpoint::TokenRefresh, then).on(On::First(1));
    let world = World::with_scenario(Scenario { faults: vec![fault], ..scenario });
    let stored = world.signed_in(-HOUR);

    let finished = world.command("token").with_trace_log().run();
    finished.exits(1).prints("");
    let [_, rotated] = world.sandbox.issued().refresh_tokens.try_into().unwrap();
    let expected = stored.with("/tokens/refresh_token", rotated);
    assert!(world.auth_json().unwrap() == expected.text(), "the document differs");

    // The old access token is not treated as new.
    let again = world.command("token").run();
    again.exits(0).prints(&format!("{}\n", world.sandbox.issued().access_tokens[2]));
    assert_eq!(world.count(&Endpoint::TokenRefresh), 2);
    finished
}

/// The new refresh token is the only one that works, so it is stored.
// threats 111
#[test]
fn id_token_of_another_person_saves_only_the_refresh_token() {
    let with = |name: &'static str, value: Value| {
        assert_not_used("/id_token", move |claims| {
            let mut claims = claims.clone();
            // Each world has its own issuer URL.
            claims.as_object_mut().unwrap().remove("iss");
            claims[name] = value.clone();
            jwt(&claims).into()
        })
    };
    let error =
        |cause: &str| format!("the issuer sent an ID token that is not for this sign-in: {cause}");
    with("iss", json!("https://evil.test"))
        .fails_with(&error("it was made by another issuer (iss)"), "check --issuer");
    with("aud", json!("app_other"))
        .fails_with(&error("it was made for another client (aud, azp)"), "check --client-id");
    with("sub", json!("auth0|mallory")).fails_with(
        &error("it is about another person (sub)"),
        "sign in again with login-cli login",
    );
}

// threats 85 111
#[test]
fn unusable_token_response_saves_only_the_refresh_token() {
    let hint = "try again, or sign in again with login-cli login";
    for (pointer, value) in [
        ("access_token", json!(7)),
        ("access_token", json!("two words")),
        ("id_token", json!({})),
        ("token_type", json!("mac")),
    ] {
        let finished = assert_not_used(&format!("/{pointer}"), |_| value.clone());
        finished.fails_with(&format!("the issuer sent an unusable {pointer}"), hint);
    }
    assert_not_used("/id_token", |_| json!("no-jwt"))
        .says("error: the issuer sent an unusable ID token");
}

/// The local clock does not matter for the identity.
// threats 123
#[test]
fn expired_id_token_in_response_is_accepted() {
    let lifetimes = Lifetimes { id_token: std::time::Duration::ZERO, ..Lifetimes::default() };
    let world = World::with_scenario(Scenario { lifetimes, ..Scenario::default() });
    let stored = world.signed_in(0);
    world.command("token").run().exits(0);
    assert_refreshed(&world, &stored, &ALL);
}

#[test]
fn sign_in_without_refresh_token_cannot_be_refreshed() {
    let world = World::new();
    let path = world.codex_home().join("auth.json");
    let key = "sk-proj-a-key-alone-in-its-file";
    world.register_secret(key);
    let alone = format!(r#"{{"OPENAI_API_KEY":"{key}"}}"#);
    let external = StoredSignIn::new(&world, 60).with("/tokens/refresh_token", "").text();
    for text in [alone, external] {
        world.store(&text);
        let error = format!("the sign-in in {} has no refresh token", path.display());
        let finished = world.command("refresh").run();
        finished.exits(1).fails_with(&error, "sign in with ChatGPT: login-cli login");
        assert!(world.auth_json().unwrap() == text, "the file changed");
    }
    assert_eq!(world.sandbox.connections(), 0);
}

// threats 145
#[test]
fn refresh_token_of_another_issuer_is_not_sent() {
    let (theirs, ours) = (World::new(), World::new());
    let stored = StoredSignIn::new(&theirs, 0).stored(&ours);
    for command in ["token", "refresh"] {
        let (stored_issuer, asked) = (theirs.sandbox.issuer_url(), ours.sandbox.issuer_url());
        ours.command(command).run().exits(1).prints("").fails_with(
            &format!("the stored sign-in is from {stored_issuer}, not from {asked}"),
            &format!("give --issuer {stored_issuer}"),
        );
    }
    assert_eq!(ours.sandbox.connections() + theirs.sandbox.connections(), 0);
    assert!(ours.auth_json().unwrap() == stored.text(), "the file changed");
}
