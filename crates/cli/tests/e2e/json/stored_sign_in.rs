use std::fs;

use sandbox::{Endpoint, Fault, On, Then};
use serde_json::{Value, json};

use super::error_in;
use crate::support::{Start, StoredSignIn, World, write};

const HOUR: i64 = 60 * 60;
const KEY: &str = "sk-proj-a-key-that-was-stored";

fn location(world: &World) -> String {
    world.codex_home().join("auth.json").display().to_string()
}

fn logout(world: &World) -> Start<'_> {
    world.command("logout").arg("--json")
}

// threats 209
#[test]
fn refresh_reports_the_new_expiry() {
    let world = World::new();
    world.signed_in(-HOUR);
    let document = world.command("refresh").arg("--json").run().exits(0).json();
    let status = world.command("status").arg("--json").run().exits(0).json();
    let fields: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["profile", "access_token_expires_at", "last_refresh", "stored_in"]);
    for (name, value) in document.as_object().unwrap() {
        assert_eq!(value, &status[name], "{name}");
    }
    let expires_at: jiff::Timestamp =
        document["access_token_expires_at"].as_str().unwrap().parse().unwrap();
    assert!(expires_at > document["last_refresh"].as_str().unwrap().parse().unwrap());
}

// threats 179 209
#[test]
fn logout_reports_each_credential() {
    let world = World::new();
    let mut expected = json!({
        "profile": "default",
        "was_signed_in": true,
        "revoked": true,
        "may_have_ended": [],
        "api_key_still_valid": false,
        "access_token_still_valid": false,
        "access_token_expires_at": null,
        "stored_in": location(&world),
        "error": null,
    });
    let ends = |expected: &Value| {
        let document = logout(&world).run().exits(0).json();
        assert_eq!(document, json!({ "profiles": [expected] }));
    };
    world.signed_in(HOUR);
    ends(&expected);
    StoredSignIn::new(&world, HOUR).with_key(&world, KEY).stored(&world);
    expected["api_key_still_valid"] = true.into();
    ends(&expected);
    world.store(&format!(r#"{{"auth_mode":"apikey","OPENAI_API_KEY":"{KEY}"}}"#));
    expected["revoked"] = Value::Null;
    ends(&expected);
    expected["was_signed_in"] = false.into();
    expected["api_key_still_valid"] = false.into();
    ends(&expected);
}

/// The credentials are removed here and can still be valid.
// threats 179 209
#[test]
fn failed_revocation_is_reported() {
    let world = World::failing(Endpoint::Revoke, Then::json(503, json!({})));
    world.signed_in(HOUR);
    let finished = logout(&world).run();
    let error = error_in(finished.exits(1));
    assert_eq!(error["kind"], "not_revoked");
    assert_eq!((&error["status"], &error["removed_from"]), (&json!(503), &json!(location(&world))));
    let document = finished.json();
    assert_eq!(document["profiles"][0]["error"], error);
    assert_eq!(document["profiles"][0]["revoked"], false);
}

/// A file that cannot be read stays, and its content is unknown.
// threats 179 209
#[test]
fn failed_removal_is_reported() {
    let world = World::new();
    let issuer = "https://auth.elsewhere.test";
    let id_token = crate::support::jwt(&json!({ "iss": issuer }));
    world.register_secret(&id_token);
    StoredSignIn::new(&world, HOUR).with("/tokens/id_token", id_token).stored(&world);
    let finished = logout(&world).run();
    let error = error_in(finished.exits(1));
    assert_eq!((&error["kind"], &error["issuer"]), (&json!("other_issuer"), &json!(issuer)));
    let end = &finished.json()["profiles"][0];
    assert_eq!((&end["was_signed_in"], &end["revoked"]), (&Value::Null, &Value::Null));
}

// threats 179 209
#[test]
fn each_profile_is_reported() {
    let fault = Fault::new(Endpoint::Revoke, Then::json(503, json!({}))).on(On::First(1));
    let world = World::with([fault]);
    world.signed_in(HOUR);
    let folder = world.codex_home().join("profiles/work");
    fs::create_dir_all(&folder).unwrap();
    write(&folder.join("auth.json"), &StoredSignIn::new(&world, HOUR).text());
    let finished = logout(&world).arg("--all").run();
    error_in(finished.exits(1));
    let document = finished.json();
    let ends = document["profiles"].as_array().unwrap();
    let reported: Vec<_> = ends.iter().map(|end| (&end["profile"], &end["revoked"])).collect();
    let (default, work) = (json!("default"), json!("work"));
    assert_eq!(reported, [(&default, &json!(false)), (&work, &json!(true))]);
    assert_eq!(ends[1]["error"], Value::Null);
}
