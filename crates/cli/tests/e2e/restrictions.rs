//! Restrictions hold for every sign-in method, even if the issuer ignores them. Nothing is stored,
//! and the tokens are revoked.

use std::io::Write as _;

use sandbox::{Account, Device, Endpoint, Policy, Sandbox, Scenario, Then, Workspaces};
use serde_json::json;

use crate::support::{Finished, Running, StoredSignIn, World, jwt};

const HOUR: i64 = 60 * 60;

fn issuer_ignoring_restrictions() -> World {
    let policy = Policy { workspaces: Workspaces::Ignored, ..Policy::default() };
    let device = Device { interval: json!(1), ..Device::default() };
    World::with_scenario(Scenario { policy, device, ..Scenario::default() })
}

const RESTRICTED: [&str; 2] = ["--workspace", "acct-grace"];

#[track_caller]
fn assert_refused(world: &World, finished: &Finished) {
    finished.exits(1).fails_with(
        "this account belongs to the workspace acct-ada, and only acct-grace is allowed",
        "choose that workspace when you sign in, or leave --workspace out; nothing was stored",
    );
    assert_eq!(world.auth_json(), None);
    assert_eq!(world.sandbox.live_refresh_tokens(), [""; 0], "a token stays valid");
    assert_eq!(world.count(&Endpoint::TokenExchange), 0);
}

// threats 214 227
#[test]
fn browser_sign_in_to_another_workspace_is_refused() {
    let world = issuer_ignoring_restrictions();
    let finished = world.login().args(RESTRICTED).signs_in(Account::OWNER);
    assert_refused(&world, &finished);
}

// threats 214 227
#[test]
fn pasted_url_for_another_workspace_is_refused() {
    let world = issuer_ignoring_restrictions();
    let start = world.login().args(RESTRICTED).arg("--json=stream").with_open_stdin();
    let running = start.start();
    running.event("url");
    let callback = running.callback(Account::OWNER);
    writeln!(running.stdin(), "{callback}").unwrap();
    assert_refused(&world, &running.finish());
}

// threats 214 227
#[test]
fn device_code_for_another_workspace_is_refused() {
    let world = issuer_ignoring_restrictions();
    let start = world.command("login").arg("--device").args(RESTRICTED).arg("--json=stream");
    let running = start.start();
    enter_code(&world, &running);
    assert_refused(&world, &running.finish());
}

fn enter_code(world: &World, running: &Running<'_>) {
    let device = running.event("device_code");
    let text = |name: &str| device[name].as_str().unwrap().to_owned();
    let person = world.sandbox.person(Account::OWNER);
    person.connect_device_blocking(&text("verification_uri"), &text("user_code")).unwrap();
}

fn import(world: &World, token: &str, options: &[&str]) -> Finished {
    world.register_secret(token);
    world.command("login").arg("--with-access-token").args(options).with_stdin(token).run()
}

// threats 214
#[test]
fn imported_token_must_meet_all_restrictions() {
    let world = issuer_ignoring_restrictions();
    let token = |claims| {
        let mut all = json!({
            "iss": world.sandbox.issuer_url(),
            "exp": 4_102_444_800_u64,
            "client_id": "app_mine",
            "https://api.openai.com/auth": {"chatgpt_account_id": "acct-ada"},
        });
        all.as_object_mut().unwrap().extend(claims);
        jwt(&all)
    };
    let mine = token(serde_json::Map::new());
    assert_refused(&world, &import(&world, &mine, &RESTRICTED));
    let elsewhere = json!({"iss": "https://auth.elsewhere.test"});
    let elsewhere = token(elsewhere.as_object().unwrap().clone());
    import(&world, &elsewhere, &[]).exits(1).fails_with(
        "the access token is not for this sign-in: it was made by another issuer (iss)",
        "check --issuer",
    );
    import(&world, &mine, &["--client-id", "app_other"]).exits(1).fails_with(
        "the access token is not for this sign-in: it was made for another client (aud, azp)",
        "check --client-id",
    );
    assert_eq!(world.auth_json(), None);
    let allowed = ["--workspace", "acct-ada", "--client-id", "app_mine"];
    import(&world, &mine, &allowed).exits(0);
}

/// The issuer returns tokens of another workspace of the same account.
// threats 214
#[test]
fn refresh_to_another_workspace_is_refused() {
    let id_token = jwt(&json!({
        "sub": "auth0|ada",
        "https://api.openai.com/auth": {"chatgpt_account_id": "acct-other"},
    }));
    let then = Then::Merge(json!({"id_token": id_token}));
    let world = World::failing(Endpoint::TokenRefresh, then);
    world.register_secret(&id_token);
    let stored = world.signed_in(-HOUR);
    world.command("token").run().exits(1).prints("").says("it is for another workspace");
    let document = world.auth_document();
    assert!(document["tokens"]["access_token"] == *stored.access_token);
    assert_eq!(document["tokens"]["account_id"], "acct-ada");
}

/// Requests use the access token, so it is checked too.
// threats 214
#[test]
fn refreshed_access_token_must_meet_all_restrictions() {
    for claims in [
        json!({"iss": "https://auth.elsewhere.test"}),
        json!({"client_id": "app_other"}),
        json!({"https://api.openai.com/auth": {"chatgpt_account_id": "acct-grace"}}),
    ] {
        let token = jwt(&claims);
        let then = Then::Merge(json!({"access_token": token, "id_token": null}));
        let world = World::failing(Endpoint::TokenRefresh, then);
        world.register_secret(&token);
        let stored = world.signed_in(-HOUR);
        let finished = world.command("token").run();
        finished.exits(1).prints("").says("error: the access token is not for this sign-in: ");
        assert!(world.auth_document()["tokens"]["access_token"] == *stored.access_token);
    }
}

/// A personal access token does not name its workspace.
// threats 214
#[test]
fn personal_access_token_is_refused_with_workspace_option() {
    let world = issuer_ignoring_restrictions();
    let finished = import(&world, "at-0123456789abcdef0123456789abcdef", &RESTRICTED);
    finished.exits(1).says(
        "error: the workspace of this account is not known, and only acct-grace is allowed\n",
    );
    assert_eq!(world.auth_json(), None);
}

/// The issuer returns an access token of another issuer or for another client.
// threats 214 227
#[test]
fn access_token_of_another_person_is_refused() {
    let of_openai = |claims| json!({ "https://api.openai.com/auth": claims });
    let (workspace, user) = ("chatgpt_account_id", "chatgpt_user_id");
    for (claims, why) in [
        (json!({"iss": "https://auth.elsewhere.test"}), "it was made by another issuer (iss)"),
        (json!({"client_id": "app_other"}), "it was made for another client (aud, azp)"),
        (of_openai(json!({workspace: "acct-grace"})), "it is for another workspace"),
        (of_openai(json!({user: "user-grace"})), "it is about another person"),
    ] {
        let token = jwt(&claims);
        let world =
            World::failing(Endpoint::TokenCode, Then::Merge(json!({"access_token": token})));
        world.register_secret(&token);
        let finished = world.login().signs_in(Account::OWNER);
        finished.exits(1).says("error: the access token is not for this sign-in: ").says(why);
        assert_eq!(world.auth_json(), None);
        assert_eq!(world.sandbox.live_refresh_tokens(), [""; 0]);
    }
}

/// The refused tokens are not revoked if that could end the old sign-in.
// threats 214 227
#[test]
fn refused_sign_in_keeps_the_old_one() {
    let world = issuer_ignoring_restrictions();
    world.login().signs_in(Account::OWNER).exits(0);
    let before = world.auth_json();
    let finished = world.login().args(RESTRICTED).signs_in(Account::OWNER);
    finished.exits(1).says(
        "warning: the tokens of this sign-in were not revoked, because that could end the stored \
         sign-in; they expire by themselves",
    );
    assert!(world.auth_json() == before, "the file changed");
    assert_eq!(world.count(&Endpoint::Revoke), 0);
    world.command("refresh").run().exits(0);
}

/// Tokens are sent only to their own issuer.
// threats 145 212
#[test]
fn replaced_sign_in_is_revoked_at_its_own_issuer() {
    let world = World::new();
    let other = Sandbox::start_in_thread(Scenario::default()).unwrap();
    let minted = other.mint(Account::OWNER).unwrap();
    for secret in [&minted.id_token, &minted.access_token, minted.refresh_token.as_ref().unwrap()] {
        world.register_secret(secret);
    }
    let stored = StoredSignIn::new(&world, HOUR)
        .with("/tokens/id_token", minted.id_token)
        .with("/tokens/access_token", minted.access_token)
        .with("/tokens/refresh_token", minted.refresh_token.unwrap());
    let own = stored.refresh_token.clone();
    stored.stored(&world);
    let finished = world.login().signs_in(Account::OWNER);
    finished
        .exits(0)
        .says("This replaced the sign-in of Ada Lovelace <ada@example.com>. Its tokens");
    assert_eq!(other.live_refresh_tokens(), [""; 0]);
    assert_eq!(world.count(&Endpoint::Revoke), 0);
    assert!(world.sandbox.live_refresh_tokens().contains(&own));
}
