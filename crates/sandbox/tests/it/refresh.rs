use std::time::Duration;

use sandbox::{Account, Client, Lifetimes, Policy, Reuse, Revocation, Rotation, Sandbox, Scenario};
use serde_json::json;

use crate::client::{post_json, refresh, sandbox};

fn revoke(sandbox: &Sandbox, token: &str) -> u16 {
    let body = json!({
        "token": token,
        "token_type_hint": "refresh_token",
        "client_id": Client::SIGN_IN,
    });
    post_json(sandbox.issuer_url(), "/oauth/revoke", &[], &body).status
}

#[test]
fn refresh_token_rotates_and_is_good_once() {
    let sandbox = sandbox(Scenario::default());
    let first = sandbox.mint(Account::OWNER).unwrap().refresh_token.unwrap();
    let response = refresh(&sandbox, &first);
    assert_eq!(response.status, 200);
    let second = response.text("/refresh_token");
    assert_ne!(first, second);

    let reused = refresh(&sandbox, &first);
    assert_eq!((reused.status, reused.error().as_str()), (401, "refresh_token_reused"));
    assert_eq!(reused.text("/error/type"), "invalid_request_error");
    // The reuse does not revoke the new token.
    assert_eq!(refresh(&sandbox, &second).status, 200);
}

#[test]
fn revoked_token_is_invalidated_and_revoking_an_unknown_token_succeeds() {
    let sandbox = sandbox(Scenario::default());
    let token = sandbox.mint(Account::OWNER).unwrap().refresh_token.unwrap();
    assert_eq!(revoke(&sandbox, "made-up"), 200);
    assert_eq!(revoke(&sandbox, &token), 200);
    assert_eq!(refresh(&sandbox, &token).error(), "refresh_token_invalidated");
}

#[test]
fn refresh_token_expires_and_unknown_token_is_invalid_grant() {
    let lifetimes = Lifetimes { refresh_token: Duration::ZERO, ..Lifetimes::default() };
    let sandbox = sandbox(Scenario { lifetimes, ..Scenario::default() });
    let token = sandbox.mint(Account::OWNER).unwrap().refresh_token.unwrap();
    assert_eq!(refresh(&sandbox, &token).error(), "refresh_token_expired");
    assert_eq!(refresh(&sandbox, "made-up").error(), "invalid_grant");
}

/// Two sign-ins of the owner and one of another account.
fn three_sign_ins(policy: Policy) -> (Sandbox, [String; 3]) {
    let sandbox = sandbox(Scenario { policy, ..Scenario::default() });
    let accounts = [Account::OWNER, Account::OWNER, Account::NEW_OWNER];
    let tokens = accounts.map(|email| sandbox.mint(email).unwrap().refresh_token.unwrap());
    (sandbox, tokens)
}

#[track_caller]
fn assert_revocation_leaves(revocation: Revocation, live: [bool; 3]) {
    let (sandbox, tokens) = three_sign_ins(Policy { revocation, ..Policy::default() });
    let rotated = refresh(&sandbox, &tokens[0]).text("/refresh_token");
    // A spent token of the same sign-in.
    assert_eq!(revoke(&sandbox, &tokens[0]), 200);
    let remaining = sandbox.live_refresh_tokens();
    let is_live = [&rotated, &tokens[1], &tokens[2]].map(|token| remaining.contains(token));
    assert_eq!(is_live, live, "{revocation:?}");
}

#[test]
fn revocation_ends_a_token_or_a_family_or_all_tokens_of_a_user() {
    assert_revocation_leaves(Revocation::Token, [true, true, true]);
    assert_revocation_leaves(Revocation::Family, [false, true, true]);
    assert_revocation_leaves(Revocation::Person, [false, false, true]);
}

#[test]
fn rotation_can_return_the_same_refresh_token() {
    let policy = Policy { rotation: Rotation::Same, ..Policy::default() };
    let (sandbox, [first, second, other]) = three_sign_ins(policy);
    assert!(first == second && first != other);
    assert_eq!(refresh(&sandbox, &first).text("/refresh_token"), first);
    assert_eq!(refresh(&sandbox, &first).status, 200);
}

#[test]
fn reuse_can_revoke_the_token_family() {
    let policy = Policy { reuse: Reuse::RevokesFamily, ..Policy::default() };
    let (sandbox, [first, second, _]) = three_sign_ins(policy);
    let rotated = refresh(&sandbox, &first).text("/refresh_token");
    assert_eq!(refresh(&sandbox, &first).error(), "refresh_token_reused");
    assert_eq!(refresh(&sandbox, &rotated).error(), "refresh_token_invalidated");
    assert_eq!(refresh(&sandbox, &second).status, 200);
}
