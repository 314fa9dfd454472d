//! Tokens that were issued but could not be stored are revoked or reported.

use std::fs;

use sandbox::{Account, Endpoint, Then};
use serde_json::json;

use crate::support::{Finished, StoredSignIn, TEST_TIMEOUT, World, write};

const HOUR: i64 = 60 * 60;

/// Breaks the store during the token exchange for an API key.
fn sign_in_with_broken_store(world: &World, profile: &str, spoil: impl Fn()) -> Finished {
    let running = world.login().args(["--profile", profile]).start();
    let visit = running.start_visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenExchange, 1, TEST_TIMEOUT).unwrap();
    spoil();
    world.sandbox.release();
    assert_eq!(running.join_visit(visit).last().unwrap().status, 500);
    running.finish()
}

// threats 227
#[test]
fn unstorable_tokens_are_revoked() {
    let world = World::failing(Endpoint::TokenExchange, Then::Hold);
    let in_the_way = world.codex_home().join("auth.json");
    let finished =
        sign_in_with_broken_store(&world, "default", || fs::create_dir(&in_the_way).unwrap());
    finished.exits(1).says("error: the API key \"Codex CLI [auto-generated] (");
    assert_eq!(world.sandbox.live_refresh_tokens(), [""; 0], "a token stays valid");
    assert_eq!(world.count(&Endpoint::Revoke), 1);
}

/// A revocation could end the sign-in of another profile, so the tokens are only reported.
// threats 212 227
#[test]
fn unstorable_tokens_are_not_revoked_if_another_profile_would_end() {
    let world = World::failing(Endpoint::TokenExchange, Then::Hold);
    world.signed_in(HOUR);
    let in_the_way = world.codex_home().join("profiles/second/auth.json");
    let finished =
        sign_in_with_broken_store(&world, "second", || fs::create_dir(&in_the_way).unwrap());
    finished.exits(1).says(
        "warning: the tokens of this sign-in were not revoked, because that could end the sign-in of \
         profile default; they expire by themselves",
    );
    assert_eq!(world.count(&Endpoint::Revoke), 0);
    world.command("refresh").run().exits(0);
}

/// The response to the code is lost or invalid, so unknown tokens can exist.
// threats 227
#[test]
fn lost_token_response_is_reported() {
    for then in [Then::Lose, Then::Merge(json!({"id_token": null}))] {
        let world = World::failing(Endpoint::TokenCode, then);
        let finished = world.login().signs_in(Account::OWNER);
        finished.exits(1).says(
            "warning: the issuer may have issued tokens that are stored nowhere; they expire by \
             themselves\n",
        );
    }
}

/// The check uses the sign-ins that are stored at the time of the revocation.
// threats 212
#[test]
fn profile_created_during_the_wait_is_respected() {
    let world = World::new();
    StoredSignIn::minted(&world, Account::NEW_OWNER, HOUR).stored(&world);
    let running = world.login().start();
    running.auth_url();
    world.login().args(["--profile", "new"]).signs_in(Account::NEW_OWNER).exits(0);
    running.visit(Account::OWNER);
    running.finish().exits(0).says("because that could end the sign-in of profile new.\n");
    assert_eq!(world.count(&Endpoint::Revoke), 0);
}

/// The default folder counts even if another folder is used.
// threats 212
#[test]
fn sign_in_in_default_folder_is_respected() {
    let world = World::new();
    StoredSignIn::minted(&world, Account::NEW_OWNER, HOUR).stored(&world);
    let usual = world.path("home/.codex");
    fs::create_dir(&usual).unwrap();
    let theirs = StoredSignIn::minted(&world, Account::NEW_OWNER, HOUR);
    write(&usual.join("auth.json"), &theirs.text());
    let finished = world.login().signs_in(Account::OWNER);
    let path = usual.join("auth.json");
    finished.exits(0).says(&format!("could end the sign-in of {}.\n", path.display()));
    assert_eq!(world.count(&Endpoint::Revoke), 0);
}

/// Another program removed the sign-in during the refresh.
// threats 122 227
#[test]
fn refreshed_tokens_after_logout_are_revoked() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    world.signed_in(-HOUR);
    let refresh = world.command("refresh").start();
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    fs::remove_file(world.codex_home().join("auth.json")).unwrap();
    world.sandbox.release();
    refresh.finish().exits(3);
    assert_eq!(world.sandbox.live_refresh_tokens(), [""; 0], "a token stays valid");
}

// threats 212
#[test]
fn unreadable_profile_counts_as_same_person() {
    let world = World::new();
    StoredSignIn::minted(&world, Account::NEW_OWNER, HOUR).stored(&world);
    let folder = world.codex_home().join("profiles/work");
    fs::create_dir_all(&folder).unwrap();
    write(&folder.join("auth.json"), "{\"tokens\": {");
    let finished = world.login().signs_in(Account::OWNER);
    finished.exits(0).says(
        "This replaced the sign-in of Grace Hopper <grace@example.com>. Its tokens were not \
         revoked, because that could end the sign-in of profile work.\n",
    );
    assert_eq!(world.count(&Endpoint::Revoke), 0);
}

// threats 51 227
#[cfg(unix)]
#[test]
fn cancelled_sign_in_leaves_no_valid_token() {
    for at in [Endpoint::TokenCode, Endpoint::TokenExchange] {
        let world = World::failing(at.clone(), Then::Hold);
        let running = world.login().start();
        let visit = running.start_visit(Account::OWNER);
        world.sandbox.wait_for_requests_blocking(&at, 1, TEST_TIMEOUT).unwrap();
        running.signal(rustix::process::Signal::INT);
        running.says("Ending the sign-in, so that no token is left behind.");
        world.sandbox.release();
        running.finish().exits(130);
        drop(visit);
        assert_eq!(world.auth_json(), None);
        assert_eq!(world.sandbox.live_refresh_tokens(), [""; 0], "{at:?}");
    }
}
