//! Checks of the ID token. Signatures are not verified, because the token comes directly from the
//! token endpoint over TLS ([OpenID Connect Core §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation),
//! rule 6).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use sandbox::{Account, Endpoint, Issued, Scenario};
use serde_json::{Value, json};

use crate::support::{World, claims, pairs};

/// A world whose issuer returns an ID token with these claims and the usual header, signed with
/// another key.
fn signed_by_another_key(changes: &Value) -> World {
    let honest = World::new().sandbox.mint(Account::OWNER).unwrap().id_token;
    let mut claims = claims(&honest);
    // Each world has its own issuer URL.
    claims["iss"] = Value::Null;
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let header = honest.split('.').next().unwrap();
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap();
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    let fixed = Issued { id_tokens: vec![format!("{message}.{signature}")], ..Issued::default() };
    World::with_scenario(Scenario { fixed, ..Scenario::default() })
}

/// A world with the owner, whose ID token has these additional claims.
fn owner_with(claims: &Value) -> World {
    let id_token_claims = claims.as_object().unwrap().clone();
    let accounts = vec![Account { id_token_claims, ..Account::owner() }];
    World::with_scenario(Scenario { accounts, ..Scenario::default() })
}

/// The sign-in fails after the code exchange: no key is requested and nothing is stored.
#[track_caller]
fn assert_refused(world: &World, cause: &str, hint: &str) {
    let running = world.login().with_trace_log().start();
    assert_eq!(running.visit(Account::OWNER).last().unwrap().status, 500);
    let finished = running.finish();
    let error = format!("the issuer sent an ID token that is not for this sign-in: {cause}");
    finished.exits(1).prints("").fails_with(&error, hint);
    assert_eq!(world.count(&Endpoint::TokenCode), 1);
    assert_eq!(world.count(&Endpoint::TokenExchange), 0);
    assert_eq!(world.auth_json(), None);
}

#[track_caller]
fn assert_accepted(world: &World) {
    let finished = world.login().signs_in(Account::OWNER);
    finished.exits(0).says("Signed in as Ada Lovelace <ada@example.com>, ");
    let stored = world.auth_document();
    assert_eq!(stored["tokens"]["id_token"], world.sandbox.issued().id_tokens[0]);
}

// threats 97
#[test]
fn id_token_signature_is_not_verified() {
    assert_accepted(&signed_by_another_key(&json!({})));
}

// threats 97 98 99 100 101
#[test]
fn claims_are_checked_whatever_the_signature() {
    let clock = "check the clock of this machine";
    for (claims, cause, hint) in [
        (json!({"iss": "https://evil.test"}), "it was made by another issuer (iss)", CHECK_ISSUER),
        (
            json!({"aud": ["app_other"]}),
            "it was made for another client (aud, azp)",
            "check --client-id",
        ),
        (json!({"exp": 1}), "it has expired already (exp)", clock),
        (json!({"iat": 99_999_999_999_u64}), "it was issued in the future (iat)", clock),
        (json!({"sub": ""}), NO_SUBJECT, CHECK_ISSUER),
    ] {
        assert_refused(&signed_by_another_key(&claims), cause, hint);
    }
}

const CHECK_ISSUER: &str = "check --issuer";
const NO_SUBJECT: &str = "it does not say who signed in (sub)";

// threats 101
#[test]
fn id_token_without_subject_is_refused() {
    for sub in [json!(null), json!(""), json!(7), json!({}), json!("x".repeat(256))] {
        assert_refused(&owner_with(&json!({ "sub": sub })), NO_SUBJECT, CHECK_ISSUER);
    }
    assert_accepted(&owner_with(&json!({ "sub": "x".repeat(255) })));
}

/// The program sends no nonce, so a returned nonce means nothing.
// threats 101
#[test]
fn nonce_is_neither_sent_nor_checked() {
    for nonce in [json!("n-0S6_WzA2Mj"), json!(""), json!(7)] {
        let world = owner_with(&json!({ "nonce": nonce }));
        let auth_url = world.waiting_login().auth_url();
        assert!(pairs(&auth_url).iter().all(|(name, _)| name != "nonce"));
        assert_accepted(&world);
    }
}

/// `create-key` does not need an ID token.
// threats 101
#[test]
fn create_key_ignores_the_id_token() {
    for claims in [json!({ "sub": null }), json!({ "iss": "https://evil.test", "exp": 1 })] {
        owner_with(&claims).create_key().signs_in(Account::OWNER).exits(0);
    }
}
