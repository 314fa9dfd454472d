//! The checks of a refresh response, and the errors of a refresh.

use login::Error;
use login::stored::StoredSignIn;
use sandbox::{Account, Endpoint, Fault, Scenario, Then};
use serde_json::{Value, json};

use crate::support::{Machine, TestResult, jwt, now, write};

/// Refreshes the owner's sign-in, and returns the error. The response has `patch`.
async fn refused(patch: Value) -> TestResult<Error> {
    let faults = vec![Fault::new(Endpoint::TokenRefresh, Then::Merge(patch))];
    let test = Machine::with(faults).await?;
    let before = test.store_sign_in(&test.store, Account::OWNER)?;
    let outcome = test.stored()?.refresh(&|_| {}).await;
    // The old refresh token no longer works.
    let new = test.sandbox.issued().refresh_tokens.pop();
    let after = test.document()?;
    assert!(after.refresh_token().map(|it| it.expose().to_owned()) == new, "it is lost");
    let same = after.access_token().is_some_and(|it| it.expose() == before.access_token.expose());
    assert!(same, "an access token of somebody else is stored");
    Ok(outcome.err().ok_or("it succeeded")?)
}

// threats 98
#[tokio::test]
async fn tokens_of_another_person_client_or_issuer_are_not_stored() {
    let issuer = "https://issuer.example";
    let id_token = |claims: Value| json!({ "id_token": jwt(&claims.to_string()) });
    let error = refused(id_token(json!({"iss": issuer, "aud": "app_x"}))).await.unwrap();
    assert!(matches!(error, Error::InvalidIdToken(_)), "{error:?}");
    let error = refused(json!({"id_token": "opaque"})).await.unwrap();
    assert!(matches!(error, Error::MalformedJwt { token: "ID token", .. }), "{error:?}");

    let access_token = |claims: Value| json!({ "access_token": jwt(&claims.to_string()) });
    let auth = json!({"chatgpt_account_id": "acct-x"});
    for claims in [
        json!({ "iss": issuer }),
        json!({"client_id": "app_x"}),
        json!({"https://api.openai.com/auth": auth}),
    ] {
        let error = refused(access_token(claims.clone())).await.unwrap();
        assert!(matches!(error, Error::InvalidAccessToken(_)), "{claims}: {error:?}");
    }
    let error = refused(json!({"access_token": 7})).await.unwrap();
    let field = "access_token";
    assert!(matches!(error, Error::InvalidRefreshResponse { field: it } if it == field));
}

#[tokio::test]
async fn opaque_access_token_of_a_refresh_is_stored() {
    let opaque = Then::Merge(json!({"access_token": "opaque"}));
    let test = Machine::with(vec![Fault::new(Endpoint::TokenRefresh, opaque)]).await.unwrap();
    test.store_sign_in(&test.store, Account::OWNER).unwrap();
    let document = test.stored().unwrap().refresh(&|_| {}).await.unwrap();
    assert_eq!(document.access_token().unwrap().expose(), "opaque");
    assert_eq!(document.last_refresh(), Some(now()));
}

#[tokio::test]
async fn sign_in_is_refreshed_by_its_issuer_and_client() {
    let (test, other) = (Machine::with(vec![]).await, Machine::with(vec![]).await);
    let (test, other) = (test.unwrap(), other.unwrap());
    let error = test.stored().unwrap().refresh(&|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::NotSignedIn(_)), "{error:?}");

    test.store_sign_in(&test.store, Account::OWNER).unwrap();
    let client = test.client().unwrap().with_client_id("app_x");
    let required = StoredSignIn::new(test.store.clone(), client, now).require_client();
    let error = required.refresh(&|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::OtherClient { .. }), "{error:?}");
    let elsewhere = StoredSignIn::new(test.store.clone(), other.client().unwrap(), now);
    let error = elsewhere.refresh(&|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::OtherIssuer { .. }), "{error:?}");
    assert_eq!((test.sandbox.connections(), other.sandbox.connections()), (0, 0));
}

#[tokio::test]
async fn sign_in_without_a_refresh_token_is_not_refreshed() {
    let test = Machine::new(Scenario::default()).await.unwrap();
    for text in [
        r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-1"}"#,
        r#"{"personal_access_token":"at-1","tokens":{"access_token":"a","refresh_token":"r"}}"#,
    ] {
        write(&test.store, text).unwrap();
        let error = test.stored().unwrap().refresh(&|_| {}).await.unwrap_err();
        assert!(matches!(error, Error::NothingToRefresh(_)), "{text}: {error:?}");
    }
    assert_eq!(test.sandbox.connections(), 0);
}

/// An error that ends the sign-in, and one that does not.
// threats 113
#[tokio::test]
async fn error_of_the_issuer_ends_the_sign_in_or_not() {
    for (then, ends) in [
        (Then::json(400, json!({"error": "invalid_grant"})), true),
        (Then::json(400, json!({"error": "refresh_token_reused"})), true),
        (Then::json(401, json!({"error": "invalid_client"})), true),
        (Then::json(503, json!({})), false),
        (Then::json(429, json!({})), false),
    ] {
        let fault = Fault::new(Endpoint::TokenRefresh, then.clone());
        let test = Machine::with(vec![fault]).await.unwrap();
        test.store_sign_in(&test.store, Account::OWNER).unwrap();
        match test.stored().unwrap().refresh(&|_| {}).await {
            Err(Error::SignInEnded(_)) => assert!(ends, "{then:?}"),
            Err(Error::Refresh(_)) => assert!(!ends, "{then:?}"),
            other => panic!("{then:?}: {other:?}"),
        }
    }
}
