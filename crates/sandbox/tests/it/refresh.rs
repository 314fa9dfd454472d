use std::time::Duration;

use sandbox::{Account, Client, Lifetimes, Sandbox, Scenario};
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
fn a_refresh_token_rotates_and_is_good_once() {
    let sandbox = sandbox(Scenario::default());
    let first = sandbox.mint(Account::OWNER).unwrap().refresh_token.unwrap();
    let answer = refresh(&sandbox, &first);
    assert_eq!(answer.status, 200);
    let second = answer.text("/refresh_token");
    assert_ne!(first, second);

    let reused = refresh(&sandbox, &first);
    assert_eq!((reused.status, reused.error().as_str()), (401, "refresh_token_reused"));
    assert_eq!(reused.text("/error/type"), "invalid_request_error");
    // Whoever lost a race has not spoilt the winner's token.
    assert_eq!(refresh(&sandbox, &second).status, 200);
}

#[test]
fn a_revoked_refresh_token_is_invalidated_and_revoking_the_unknown_is_fine() {
    let sandbox = sandbox(Scenario::default());
    let token = sandbox.mint(Account::OWNER).unwrap().refresh_token.unwrap();
    assert_eq!(revoke(&sandbox, "made-up"), 200);
    assert_eq!(revoke(&sandbox, &token), 200);
    assert_eq!(refresh(&sandbox, &token).error(), "refresh_token_invalidated");
}

#[test]
fn a_refresh_token_expires_and_an_unknown_one_is_an_invalid_grant() {
    let lifetimes = Lifetimes { refresh_token: Duration::ZERO, ..Lifetimes::default() };
    let sandbox = sandbox(Scenario { lifetimes, ..Scenario::default() });
    let token = sandbox.mint(Account::OWNER).unwrap().refresh_token.unwrap();
    assert_eq!(refresh(&sandbox, &token).error(), "refresh_token_expired");
    assert_eq!(refresh(&sandbox, "made-up").error(), "invalid_grant");
}
