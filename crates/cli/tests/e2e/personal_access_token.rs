//! Personal access tokens in the format of Codex CLI, and modes of other programs.

use serde_json::{Value, json};

use crate::support::{Printed, StoredSignIn, World};

const HOUR: i64 = 60 * 60;
const TOKEN: &str = "at-a-personal-access-token-0123456789";
const KEY: &str = "sk-proj-a-key-beside-it-0123456789";

/// The format of Codex CLI.
fn personal_document(world: &World) -> Value {
    world.register_secret(TOKEN);
    json!({ "OPENAI_API_KEY": null, "personal_access_token": TOKEN })
}

fn store(world: &World, document: &Value) {
    world.store(&serde_json::to_string_pretty(document).unwrap());
}

/// The file is identical to the one of Codex CLI.
// threats 221
#[test]
fn personal_access_token_is_stored_like_in_codex() {
    let world = World::new();
    let expected = personal_document(&world);
    let login =
        || world.command("login").arg("--with-access-token").with_stdin(format!("{TOKEN}\n"));
    let finished = login().run();
    finished.exits(0).says("Signed in with a personal access token, stored in ");
    assert!(world.auth_json().unwrap() == serde_json::to_string_pretty(&expected).unwrap());

    let document = login().arg("--json").run().exits(0).json();
    assert_eq!(document["access_token_expires_at"], Value::Null);
    assert_eq!(world.sandbox.connections(), 0);
}

// threats 221
#[test]
fn personal_access_token_is_printed_and_never_refreshed() {
    let world = World::new();
    let stored = personal_document(&world);
    // Tokens of an older sign-in are ignored, as in Codex CLI.
    let mut beside = StoredSignIn::new(&world, -HOUR).document;
    beside.as_object_mut().unwrap().remove("auth_mode");
    beside["personal_access_token"] = TOKEN.into();
    let mut written = stored.clone();
    written["auth_mode"] = "personalAccessToken".into();
    for document in [stored, beside, written] {
        store(&world, &document);
        let status = world.command("status").run();
        let first = "Signed in     with a personal access token\n";
        assert!(status.exits(0).stdout.starts_with(first), "{}", status.stdout);
        let status = world.command("status").arg("--json").run().exits(0).json();
        assert_eq!(status["signed_in"], true);
        assert_eq!(status["auth_mode"], "personalAccessToken");
        assert_eq!(status["access_token_expires_at"], Value::Null);
        assert_eq!((&status["email"], &status["account_id"]), (&Value::Null, &Value::Null));
        world.command("token").run().exits(0).prints(&format!("{TOKEN}\n"));
        let exec = world.command("exec").args(["--access-token-env", "TOKEN", "--"]);
        let script = format!("test \"$TOKEN\" = {TOKEN} && test -z \"$OPENAI_API_KEY\"");
        exec.args(["/bin/sh", "-c", &script]).run().exits(0);
        world.command("refresh").run().exits(1).says("has no refresh token");
        assert!(world.auth_document() == document, "the file changed");
    }
    assert_eq!(world.sandbox.connections(), 0);
}

/// Otherwise Codex CLI would use the key instead.
// threats 221
#[test]
fn saving_a_key_keeps_the_personal_access_token_mode() {
    let world = World::new();
    let mut expected = personal_document(&world);
    store(&world, &expected);
    world.create_key().arg("--save").signs_in(sandbox::Account::OWNER).exits(0);
    expected["OPENAI_API_KEY"] = world.sandbox.issued().api_keys.last().unwrap().clone().into();
    assert!(world.auth_document() == expected, "the document differs");
    world.command("token").run().exits(0).prints(&format!("{TOKEN}\n"));
}

/// A program that ignores the mode would still use the old token.
// threats 221
#[test]
fn new_sign_in_replaces_the_personal_access_token() {
    let world = World::new();
    store(&world, &personal_document(&world));
    world.register_secret(KEY);
    world.command("login").arg("--with-api-key").with_stdin(KEY).run().exits(0);
    assert_eq!(world.auth_document().get("personal_access_token"), None);
    let status = world.command("status").arg("--json").run().exits(0).json();
    assert_eq!(status["auth_mode"], "apikey");

    store(&world, &personal_document(&world));
    world.login().signs_in(sandbox::Account::OWNER).exits(0);
    assert_eq!(world.auth_document().get("personal_access_token"), None);
    let status = world.command("status").arg("--json").run().exits(0).json();
    assert_eq!(status["auth_mode"], "chatgpt");
    assert_eq!(world.count(&sandbox::Endpoint::Revoke), 0);
}

// threats 221
#[test]
fn sign_in_of_another_program_is_shown_and_unchanged() {
    for (document, mode) in [
        (
            json!({"auth_mode": "bedrockApiKey", "bedrock_api_key": {"api_key": "x"}}),
            "bedrockApiKey",
        ),
        (json!({"OPENAI_API_KEY": null, "bedrock_api_key": {"api_key": "x"}}), "bedrockApiKey"),
        (json!({"auth_mode": "agentIdentity", "agent_identity": {"a": 1}}), "agentIdentity"),
    ] {
        let world = World::new();
        store(&world, &document);
        let status = world.command("status").run();
        let first = format!("Signed in     by another program, mode {mode}\n");
        assert!(status.exits(0).stdout.starts_with(&first), "{}", status.stdout);
        let status = world.command("status").arg("--json").run().exits(0).json();
        assert_eq!((&status["signed_in"], &status["auth_mode"]), (&json!(true), &json!(mode)));
        world.command("token").allowed_to_print(Printed::Nothing).run().exits(1).fails_with(
            "the stored sign-in has no access token",
            "only the program that made this sign-in can use it; to sign in here: login-cli login",
        );
        assert!(world.auth_document() == document, "the file changed");

        world.create_key().arg("--save").signs_in(sandbox::Account::OWNER).exits(0);
        let mut expected = document;
        let key = world.sandbox.issued().api_keys.last().unwrap().clone();
        expected["OPENAI_API_KEY"] = key.into();
        assert!(world.auth_document() == expected, "the document differs");
        assert_eq!(world.count(&sandbox::Endpoint::Revoke), 0);
    }
}

/// This program cannot revoke it.
// threats 221
#[test]
fn logout_removes_personal_access_token_and_says_it_stays_valid() {
    let world = World::new();
    store(&world, &personal_document(&world));
    let finished = world.command("logout").run();
    finished.exits(0).says("Signed out: removed from ").says(
        "The personal access token that was stored here stays valid. To end it, delete it in the \
         settings of your account",
    );
    assert_eq!(world.auth_json(), None);
    store(&world, &personal_document(&world));
    let document = world.command("logout").arg("--json").run().exits(0).json();
    let profile = &document["profiles"][0];
    assert_eq!(profile["access_token_still_valid"], true);
    assert_eq!(
        (&profile["revoked"], &profile["access_token_expires_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(world.sandbox.connections(), 0);
}

// threats 221
#[test]
fn logout_removes_sign_in_of_another_program_without_revocation() {
    let world = World::new();
    store(&world, &json!({"auth_mode": "bedrockApiKey", "bedrock_api_key": {"api_key": "x"}}));
    let words = "this sign-in was made by another program (mode bedrockApiKey); it is removed here, and \
                 not revoked";
    world.command("logout").run().exits(0).says(words);
    assert_eq!(world.auth_json(), None);

    StoredSignIn::new(&world, HOUR).with("/auth_mode", "chatgptAuthTokens").stored(&world);
    let finished = world.command("logout").arg("--json=stream").run();
    let events = finished.exits(0).events();
    assert_eq!(
        events[0],
        json!({"event": "other_programs_sign_in", "auth_mode": "chatgptAuthTokens"})
    );
    assert_eq!(events.last().unwrap()["result"]["profiles"][0]["access_token_still_valid"], true);

    StoredSignIn::new(&world, HOUR).with("/auth_mode", "chatgptAuthTokens").stored(&world);
    world.login().signs_in(sandbox::Account::OWNER).exits(0);
    assert_eq!(world.count(&sandbox::Endpoint::Revoke), 0);
}
