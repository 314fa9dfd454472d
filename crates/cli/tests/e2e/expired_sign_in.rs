//! An expired access token that cannot be refreshed means not signed in.

use serde_json::{Value, json};

use crate::support::{StoredSignIn, World};

const HOUR: i64 = 60 * 60;
const KEY: &str = "sk-proj-a-key-beside-old-tokens";

/// All forms of a sign-in that cannot be refreshed.
fn not_refreshable(world: &World, seconds_left: i64) -> [StoredSignIn; 4] {
    let stored = || StoredSignIn::new(world, seconds_left);
    let alone = stored();
    let token = alone.access_token.clone();
    [
        stored().with("/tokens/refresh_token", ""),
        stored().with("/tokens/refresh_token", Value::Null),
        alone.with("/tokens/id_token", token).with("/tokens/refresh_token", ""),
        stored().with("/auth_mode", "chatgptAuthTokens"),
    ]
}

// threats 221
#[test]
fn expired_sign_in_without_refresh_is_not_signed_in() {
    let world = World::new();
    for stored in not_refreshable(&world, -HOUR) {
        let stored = stored.stored(&world);
        for command in [&["status"][..], &["token"], &["token", "--id-token"], &["refresh"]] {
            let start = world.program(command.iter().copied());
            start.run().exits(3).says("error: no longer signed in: the access token in ");
        }
        for options in [&[][..], &["--access-token-env", "TOKEN"]] {
            let start = world.command("exec").args(options.iter().copied());
            start.args(["--", "/bin/true"]).run().exits(3).says(" expired 1 hour ago, and ");
        }
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    }
    assert_eq!(world.sandbox.connections(), 0);
}

// threats 221
#[test]
fn sign_in_without_refresh_works_until_expiry() {
    let world = World::new();
    for stored in not_refreshable(&world, 60) {
        let stored = stored.stored(&world);
        world.command("status").run().exits(0);
        world.command("token").run().exits(0).prints(&format!("{}\n", stored.access_token));
    }
    assert_eq!(world.sandbox.connections(), 0);
}

// threats 209
#[test]
fn status_shows_the_expired_account() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, -2 * HOUR).with("/tokens/refresh_token", "");
    stored.stored(&world);
    let finished = world.command("status").run();
    finished.exits(3);
    for line in [
        "Signed in     no longer (with ChatGPT)\n",
        "\nEmail         ada@example.com\n",
        "\nAccess token  expired 2 hours ago\n",
    ] {
        assert!(finished.stdout.contains(line), "no {line:?} in {}", finished.stdout);
    }
    let document = world.command("status").arg("--json").run().exits(3).json();
    assert_eq!(document["signed_in"], false);
    assert_eq!(document["email"], "ada@example.com");
    let error = &document["error"];
    assert_eq!((&error["kind"], &error["exit_code"]), (&json!("sign_in_ended"), &json!(3)));
    assert_eq!(error["expired_at"], document["access_token_expires_at"]);

    let profiles = world.command("profiles").arg("--json").run().exits(0).json();
    assert_eq!(
        (&profiles[0]["state"], &profiles[0]["who"]),
        (&json!("signed_out"), &json!("ada@example.com"))
    );
    world
        .command("profiles")
        .run()
        .exits(0)
        .prints("* default  ada@example.com, no longer signed in\n");
}

#[test]
fn api_key_next_to_expired_tokens_works() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, -HOUR).with("/tokens/refresh_token", "");
    stored.with_key(&world, KEY).stored(&world);
    world.command("token").run().exits(3).says("login-cli token --api-key");
    let start =
        world.command("token").arg("--api-key").allowed_to_print(crate::support::Printed::ApiKey);
    start.run().exits(0).prints(&format!("{KEY}\n"));
}
