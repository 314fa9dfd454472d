//! `login-cli login --with-access-token` reads an access token that cannot be refreshed.

use sandbox::{Account, Endpoint, Then};
use serde_json::{Value, json};

use crate::support::{Finished, Printed, Start, StoredSignIn, World, jwt};

const HOUR: i64 = 60 * 60;

/// An access token of the owner that expires in `seconds_left`. Stores nothing.
fn token(world: &World, seconds_left: i64) -> String {
    let payload = StoredSignIn::new(world, seconds_left).access_token;
    let mut claims = crate::support::claims(&payload);
    claims["sub"] = "auth0|ada".into();
    claims["https://api.openai.com/auth"] =
        json!({"chatgpt_account_id": "acct-ada", "chatgpt_plan_type": "plus"});
    claims["https://api.openai.com/profile"] = json!({"email": Account::OWNER});
    let token = jwt(&claims);
    world.register_secret(&token);
    token
}

fn import_command<'w>(world: &'w World, input: impl Into<Vec<u8>>) -> Start<'w> {
    world.command("login").arg("--with-access-token").with_stdin(input)
}

#[track_caller]
fn import(world: &World, input: impl Into<Vec<u8>>) -> Finished {
    import_command(world, input).run()
}

// threats 222
#[test]
fn access_token_from_stdin_is_stored_and_printed() {
    let world = World::new();
    let token = token(&world, HOUR);
    for input in [
        token.clone(),
        format!("  {token}\r\n\n"),
        format!("\u{feff}\"{token}\"\r\n"),
        format!("'{token}'\n"),
        format!("\u{1b}[200~{token}\u{1b}[201~\u{200b}"),
    ] {
        let finished = import(&world, input);
        let path = world.codex_home().join("auth.json");
        finished.exits(0).prints("").says(&format!(
            "Signed in as {} with an access token, stored in {}\nIt expires in 59 minutes, and \
             cannot be refreshed.\n",
            Account::OWNER,
            path.display()
        ));
    }
    let mut stored = world.auth_document();
    let last_refresh = stored["last_refresh"].take();
    assert!(last_refresh.as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    let expected = json!({
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": null,
        "tokens": {
            "id_token": token,
            "access_token": token,
            "refresh_token": "",
            "account_id": "acct-ada",
        },
        "last_refresh": null,
    });
    assert!(stored == expected, "the document differs");
    world.command("token").run().exits(0).prints(&format!("{token}\n"));
    let script = ["--access-token-env", "TOKEN", "--", "/bin/sh", "-c", "printf %s \"$TOKEN\""];
    let exec = world.command("exec").args(script).allowed_to_print(Printed::AccessToken);
    exec.run().exits(0).prints(&token);
    assert_eq!(world.sandbox.connections(), 0);
}

/// The token is longer than the line limit of a terminal (4,096 bytes).
#[cfg(target_os = "linux")]
#[test]
fn typed_access_token_is_not_shown() {
    let world = World::new();
    let claims = json!({"iss": world.sandbox.issuer_url(), "x": "x".repeat(6000)});
    let token = jwt(&claims);
    world.register_secret(&token);
    let person = world.command("login").arg("--with-access-token").on_terminal(80, 24);
    person.shows("Paste the access token, which is not shown, and press Enter:");
    assert!(!person.echoes());
    person.pastes(format!("{token}x\x7f\r"));
    person.shows("Signed in with an access token, stored in ");
    person.finish().exits(0);
    assert!(world.auth_document()["tokens"]["access_token"] == *token, "another token is stored");
}

// threats 209
#[test]
fn json_reports_account_and_expiry_of_imported_token() {
    let world = World::new();
    let token = token(&world, HOUR);
    let document = import_command(&world, token).arg("--json").run().exits(0).json();
    let status = world.command("status").arg("--json").run().exits(0).json();
    let expected = json!({
        "email": Account::OWNER,
        "plan": "plus",
        "account_id": "acct-ada",
        "has_api_key": false,
        "access_token_expires_at": status["access_token_expires_at"],
        "stored_in": world.codex_home().join("auth.json").to_str().unwrap(),
        "replaced": null,
    });
    assert_eq!(document, expected);
    for name in ["email", "plan", "account_id", "has_api_key", "stored_in"] {
        assert_eq!(status[name], document[name], "{name}");
    }
    assert_eq!((&status["signed_in"], &status["auth_mode"]), (&json!(true), &json!("chatgpt")));
    let note = "it has no refresh token: it ends when its access token expires";
    assert_eq!(status["notes"], json!([note]));
    let profiles = world.command("profiles").arg("--json").run().exits(0).json();
    assert_eq!(profiles[0]["who"], Account::OWNER);
}

/// An imported access token is also stored as `id_token`, but it is not an ID token.
#[test]
fn imported_token_has_no_id_token_or_api_key() {
    let world = World::new();
    import(&world, token(&world, HOUR)).exits(0);
    let id_token = || world.command("token").arg("--id-token").run();
    id_token().exits(1).says("has no ID token\nhint: sign in with ChatGPT: ");
    world.command("exec").args(["--", "true"]).run().exits(1).says("has no API key");
    let refresh = world.command("refresh").run();
    refresh.exits(1).prints("").says(" has no refresh token\nhint: sign in with ChatGPT: ");
    let mut document = world.auth_document();
    document["OPENAI_API_KEY"] = "sk-proj-a-key-that-was-stored".into();
    world.store(&document.to_string());
    id_token().exits(1).says("has no ID token\nhint: --api-key prints the key\n");
    assert_eq!(world.sandbox.connections(), 0);
}

/// The token is printed until it expires.
#[test]
fn expired_imported_token_is_not_printed() {
    let world = World::new();
    let token = token(&world, 60);
    import(&world, token.clone()).exits(0);
    world.command("token").run().exits(0).prints(&format!("{token}\n"));
    let stored = StoredSignIn::new(&world, -HOUR);
    let over = stored.access_token.clone();
    let stored = stored.with("/tokens/id_token", over).with("/tokens/refresh_token", "");
    stored.stored(&world);
    let finished = world.command("token").run();
    finished.exits(3).prints("").says(
        " expired 1 hour ago, and there is no refresh token for it\nhint: sign in again with login-cli login",
    );
    assert_eq!(world.sandbox.connections(), 0);
}

/// Output never contains the input, because the test registers every input as a secret.
// threats 92 95 96 209
#[test]
fn invalid_input_changes_nothing() {
    let world = World::new();
    let stored = world.signed_in(HOUR);
    let good = token(&world, HOUR);
    let key = "sk-proj-a-key_of-Somebody-0123456789";
    world.register_secret(key);
    let unsigned = good.split_once('.').unwrap().1;
    let unsigned = format!("eyJhbGciOiJub25lIn0.{unsigned}");
    for (input, why, cause) in [
        (String::new(), "it is empty", "malformed"),
        (format!("{good}\n{good}\n"), "it is more than one line", "malformed"),
        (format!("\u{1b}[200~{good}\n"), "the paste has no end", "malformed"),
        (format!("{{\"access_token\": \"{good}\"}}"), "it is more than one word", "malformed"),
        (good[..good.rfind('.').unwrap()].to_owned(), "it does not have three parts", "malformed"),
        (good.replace('.', ".="), "a part of it is not base64url", "malformed"),
        (unsigned, "it is not signed", "malformed"),
        ("x".repeat(100_000), "it is longer than 16384 bytes", "malformed"),
        (key.to_owned(), "it is an API key", "api_key"),
        (stored.id_token.clone(), "it is an ID token", "id_token"),
        (token(&world, -2 * HOUR), "it expired 2 hours ago", "expired"),
    ] {
        let finished = import_command(&world, input).arg("--json").run();
        finished.exits(1);
        finished
            .says(&format!("error: standard input contains no usable access token: {why}\nhint: "));
        let error = &finished.json()["error"];
        assert_eq!((&error["kind"], &error["cause"]), (&json!("bad_input"), &json!(cause)));
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    }
    import(&world, b"a.\xff.c".to_vec()).exits(1).prints("").says("cannot read standard input");
    assert_eq!(world.sandbox.connections(), 0);
}

/// `login-cli token --id-token | login-cli login --with-access-token`, also with another client.
#[test]
fn id_token_is_refused_as_access_token() {
    let world = World::new();
    let id_token = jwt(&json!({"iss": world.sandbox.issuer_url(), "aud": "app_of_the_company"}));
    world.register_secret(&id_token);
    let start = import_command(&world, id_token).args(["--client-id", "app_of_the_company"]);
    let finished = start.run();
    finished.exits(1).prints("").says(": it is an ID token\nhint: an ID token only identifies you");
    assert_eq!((world.auth_json(), world.sandbox.connections()), (None, 0));
}

#[test]
fn replaced_sign_in_is_revoked() {
    let world = World::new();
    let stored = StoredSignIn::minted(&world, Account::NEW_OWNER, HOUR).stored(&world);
    import(&world, token(&world, HOUR)).exits(0).says_nothing_of("warning: ");
    let [request] = world.sandbox.requests_at(&Endpoint::Revoke).try_into().unwrap();
    assert!(request.json().unwrap()["token"] == *stored.refresh_token, "another token was revoked");
}

/// The token can be a copy, and a revocation would end the original sign-in.
// threats 179
#[test]
fn replaced_imported_token_is_not_revoked() {
    let world = World::new();
    import(&world, token(&world, HOUR)).exits(0);
    import(&world, token(&world, 2 * HOUR)).exits(0);
    world.login().signs_in(Account::OWNER).exits(0);
    assert_eq!(world.count(&Endpoint::Revoke), 0);
    assert_ne!(world.auth_document()["tokens"]["refresh_token"], "");
}

/// `login-cli token | login-cli login --with-access-token`: both sign-ins share the token.
#[test]
fn importing_own_token_revokes_nothing() {
    let world = World::new();
    let stored = world.signed_in(HOUR);
    import(&world, stored.access_token).exits(0);
    assert_eq!(world.auth_document()["tokens"]["refresh_token"], "");
    assert_eq!(world.sandbox.connections(), 0);
}

/// The original sign-in stays valid.
// threats 179
#[test]
fn logout_removes_imported_token_without_revocation() {
    let world = World::new();
    let stored = world.signed_in(HOUR);
    let copy =
        || import_command(&world, stored.access_token.clone()).args(["--profile", "copy"]).run();
    let logout = || world.command("logout").args(["--profile", "copy"]);
    copy().exits(0);
    let finished = logout().run();
    finished.exits(0).prints("").says("Signed out: removed from ");
    finished.says(
        "The access token that was stored with it stays valid until it expires, in 59 minutes.\n",
    );
    assert!(!world.codex_home().join("profiles/copy/auth.json").exists());

    copy().exits(0);
    let status = world.command("status").arg("--json").run().exits(0).json();
    let document = logout().arg("--json").run().exits(0).json();
    let end = &document["profiles"][0];
    assert_eq!((&end["was_signed_in"], &end["revoked"]), (&json!(true), &Value::Null));
    assert_eq!(end["access_token_still_valid"], true);
    assert_eq!(end["access_token_expires_at"], status["access_token_expires_at"]);
    assert_eq!(end["error"], Value::Null);
    world.command("token").run().exits(0).prints(&format!("{}\n", stored.access_token));
    assert_eq!(world.sandbox.connections(), 0);
}

/// The token is not sent, so its issuer does not matter. An expired token needs no message.
// threats 145 179
#[test]
fn logout_removes_foreign_or_expired_imported_token() {
    let world = World::new();
    let elsewhere = jwt(&json!({"iss": "https://auth.elsewhere.test"}));
    world.register_secret(&elsewhere);
    let stored = StoredSignIn::new(&world, HOUR).with("/tokens/id_token", elsewhere.clone());
    let stored = stored.with("/tokens/access_token", elsewhere).with("/tokens/refresh_token", "");
    stored.stored(&world);
    let finished = world.command("logout").run();
    finished.exits(0).says("that was stored with it stays valid until it expires.\n");
    let over = StoredSignIn::new(&world, -HOUR);
    let token = over.access_token.clone();
    over.with("/tokens/id_token", token).with("/tokens/refresh_token", "").stored(&world);
    let finished = world.command("logout").run();
    finished.exits(0).says("Signed out: removed from ").says_nothing_of("stays valid");
    assert_eq!((world.auth_json(), world.sandbox.connections()), (None, 0));
}

/// A failed revocation is a warning.
// threats 169
#[test]
fn unknown_fields_are_kept() {
    let world = World::failing(Endpoint::Revoke, Then::json(503, json!({})));
    let stored = StoredSignIn::minted(&world, Account::NEW_OWNER, HOUR);
    stored.with("/agent_identity", 7).stored(&world);
    let finished = import(&world, token(&world, HOUR));
    finished.exits(0).says("warning: tokens that are no longer stored could not be revoked");
    assert_eq!(world.auth_document()["agent_identity"], 7);
    assert_eq!(world.auth_document()["OPENAI_API_KEY"], Value::Null);
}

// threats 207
#[test]
fn token_argument_and_conflicting_options_are_refused() {
    let world = World::new();
    let import = |words: &[&str]| {
        let words = ["login", "--with-access-token"].iter().chain(words);
        world.program(words.copied()).with_stdin("").run()
    };
    import(&["a.b.c"]).exits(2).prints("");
    for other in ["--no-browser", "--no-api-key", "--device", "--with-api-key"] {
        import(&[other]).exits(2).says(other);
    }
    import(&["--port", "0"]).exits(2).says("--port");
    assert_eq!(world.auth_json(), None);
}

/// The check happens before the prompt.
// threats 157
#[test]
fn unwritable_folder_fails_before_reading_token() {
    let world = World::new();
    crate::support::write(&world.codex_home(), "a file");
    import_command(&world, "").run().exits(1).prints("").says("error: cannot write ");
}

/// Characters from the place where the token was copied are not stored.
// threats 222
#[test]
fn token_with_trailing_characters_is_refused() {
    let world = World::new();
    let token = token(&world, HOUR);
    for behind in ["'", ";", "==", "&quot;"] {
        let input = format!("{token}{behind}");
        world.register_secret(&input);
        import(&world, input)
            .exits(1)
            .says("error: standard input contains no usable access token: ");
    }
    import(&world, "at-0123456...cret").exits(1);
    assert_eq!(world.auth_json(), None);
}
