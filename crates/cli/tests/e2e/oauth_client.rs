//! A sign-in is refreshed and revoked with the client id that it was created with.

use sandbox::{Account, Client, Endpoint, Recorded, Scenario};
use serde_json::{Value, json};

use crate::support::{StoredSignIn, World};

const HOUR: i64 = 60 * 60;
const OTHER: &str = "app_of_the_company";

/// A world with an additional registered client.
fn world() -> World {
    let other = Client { id: OTHER.to_owned(), name: "Of the company".to_owned() };
    let mut scenario = Scenario::default();
    scenario.clients.push(other);
    World::with_scenario(scenario)
}

#[track_caller]
fn assert_client(world: &World, at: &Endpoint, client_id: &str) {
    let client_of = |request: &Recorded| request.json().unwrap()["client_id"].clone();
    let last = world.sandbox.requests_at(at).last().map(client_of);
    assert_eq!(last, Some(json!(client_id)));
}

// threats 214
#[test]
fn sign_in_of_another_client_is_refreshed_and_revoked_with_its_own_client_id() {
    let world = world();
    world.login().args(["--client-id", OTHER]).signs_in(Account::OWNER).exits(0);
    let provenance = world.auth_document()["tokens"]["oauth_provenance"].clone();
    let issuer = world.sandbox.issuer_url();
    assert_eq!(provenance, json!({ "issuer": issuer, "client_id": OTHER }));

    world.command("refresh").run().exits(0);
    assert_client(&world, &Endpoint::TokenRefresh, OTHER);
    assert_eq!(world.auth_document()["tokens"]["oauth_provenance"], provenance);
    world.command("refresh").args(["--client-id", OTHER]).run().exits(0);

    world.command("logout").run().exits(0).says("Signed out: revoked");
    assert_client(&world, &Endpoint::Revoke, OTHER);
}

/// Codex CLI stores the client id and assumes the registered one if it is missing.
#[test]
fn sign_in_of_registered_client_stores_no_client_id() {
    let world = world();
    world.login().signs_in(Account::OWNER).exits(0);
    assert_eq!(world.auth_document()["tokens"]["oauth_provenance"], Value::Null);
    world.command("refresh").run().exits(0);
    assert_client(&world, &Endpoint::TokenRefresh, Client::SIGN_IN);
}

// threats 214
#[test]
fn stored_sign_in_of_another_client_is_refused() {
    let world = world();
    let provenance = json!({ "issuer": world.sandbox.issuer_url(), "client_id": Client::SIGN_IN });
    let stored = StoredSignIn::new(&world, -HOUR).with("/tokens/oauth_provenance", provenance);
    let stored = stored.stored(&world);
    for command in ["token", "refresh", "logout"] {
        let finished = world.command(command).args(["--client-id", OTHER]).run();
        finished.exits(1).fails_with(
            &format!("the stored sign-in belongs to client {}, not to {OTHER}", Client::SIGN_IN),
            "leave out --client-id, or sign in with it: login-cli login",
        );
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    }
    // A sign-in without a client id belongs to the registered one.
    let unnamed = StoredSignIn::new(&world, -HOUR).stored(&world);
    for command in ["token", "refresh", "logout"] {
        let finished = world.command(command).args(["--client-id", OTHER]).run();
        finished.exits(1).says(&format!("belongs to client {}, not to {OTHER}", Client::SIGN_IN));
        assert!(world.auth_json().unwrap() == unnamed.text(), "the file changed");
    }
    let finished = world.command("refresh").args(["--client-id", OTHER, "--json"]).run();
    let error = finished.json()["error"].clone();
    assert_eq!(
        (&error["kind"], &error["client_id"]),
        (&json!("other_client"), &json!(Client::SIGN_IN))
    );
    assert_eq!(world.sandbox.connections(), 0);
}

// threats 212
#[test]
fn replaced_sign_in_is_revoked_with_its_own_client() {
    let world = world();
    world.login().signs_in(Account::OWNER).exits(0);
    world.login().args(["--client-id", OTHER]).signs_in(Account::NEW_OWNER).exits(0);
    assert_client(&world, &Endpoint::Revoke, Client::SIGN_IN);
    world.login().signs_in(Account::OWNER).exits(0);
    assert_client(&world, &Endpoint::Revoke, OTHER);
}

// threats 145
#[test]
fn stored_issuer_applies_if_tokens_have_none() {
    let world = World::new();
    let provenance = |issuer: &str| json!({ "issuer": issuer, "client_id": Client::SIGN_IN });
    let opaque = || {
        let stored = StoredSignIn::new(&world, 0).with("/tokens/access_token", "opaque");
        stored.with("/tokens/id_token", Value::Null)
    };
    let elsewhere = provenance("https://elsewhere.test");
    opaque().with("/tokens/oauth_provenance", elsewhere).stored(&world);
    let finished = world.command("refresh").run();
    finished.exits(1).says("the stored sign-in is from https://elsewhere.test, not from ");
    assert_eq!(world.sandbox.connections(), 0);
    let here = provenance(&format!("{}/", world.sandbox.issuer_url()));
    opaque().with("/tokens/oauth_provenance", here).stored(&world);
    world.command("refresh").run().exits(0);
}
