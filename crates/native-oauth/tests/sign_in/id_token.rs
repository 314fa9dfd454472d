//! ID tokens that a client must refuse or accept, named after the relying party tests of OpenID's
//! conformance suite.

use std::time::UNIX_EPOCH;

use native_oauth::{Error, SignIn, TokenResponse};
use serde_json::{Value, json};

use crate::browser::{final_page, follow, redirect_of};
use crate::provider::{Behavior, TestProvider};
use crate::{client, sign_in};

/// A sign-in that verifies signatures, if `verifies` says so, and the paths of its requests from the
/// exchange on.
async fn outcome(
    provider: &TestProvider,
    verifies: bool,
) -> (Result<TokenResponse, Error>, Vec<String>) {
    let sign_in = sign_in(provider).await.scopes(["openid"]);
    let sign_in = if verifies { sign_in.verify_signature() } else { sign_in };
    let outcome = sign_in.run(|url| {
        final_page(&redirect_of(url));
        Ok(())
    });
    let outcome = outcome.await;
    let paths = ["/connect/token", "/connect/keys", "/connect/revoke", "/connect/userinfo"];
    let requests = paths.iter().flat_map(|path| provider.requests_at(path));
    (outcome, requests.map(|it| it.path).collect())
}

// threats 98 99 100 101
#[tokio::test]
async fn invalid_claim_is_refused_before_the_next_request() {
    let cases: [(&str, Value); 16] = [
        ("client-test-invalid-iss", json!({"iss": "https://evil.example.com"})),
        ("client-test-missing-iss", json!({"iss": null})),
        ("client-test-invalid-aud", json!({"aud": "another-client"})),
        ("client-test-missing-aud", json!({"aud": null})),
        ("client-test-invalid-azp", json!({"aud": ["my-client-id", "b"], "azp": "b"})),
        ("several audiences without azp", json!({"aud": ["my-client-id", "b"]})),
        ("client-test-missing-sub", json!({"sub": null})),
        ("sub is not a string", json!({"sub": 7})),
        ("client-test-missing-iat", json!({"iat": null})),
        ("iat is in the future", json!({"iat": 9_999_999_999_u64})),
        ("missing exp", json!({"exp": null})),
        ("client-test-expired", json!({"exp": 1_000_000})),
        ("client-test-nonce-invalid", json!({"nonce": "another"})),
        ("missing nonce", json!({"nonce": null})),
        ("nonce is empty", json!({"nonce": ""})),
        ("nonce is not a string", json!({"nonce": ["a"]})),
    ];
    for (name, claims) in cases {
        let provider = TestProvider::with(|it| it.claims = claims).await;
        let (outcome, requests) = outcome(&provider, true).await;
        assert!(matches!(outcome, Err(Error::InvalidIdToken(_))), "{name}: {outcome:?}");
        assert_eq!(requests, ["/connect/token", "/connect/keys"], "{name}");
    }
}

#[track_caller]
fn assert_signature(outcome: &Result<TokenResponse, Error>, is_valid: bool, name: &str) {
    let is_refused = matches!(outcome, Err(Error::InvalidIdToken(_)));
    assert_eq!((outcome.is_ok(), is_refused), (is_valid, !is_valid), "{name}: {outcome:?}");
}

/// The name of a test, how the provider behaves, and whether the signature is valid.
type Case = (&'static str, fn(&mut Behavior), bool);

// threats 96 97
#[tokio::test]
async fn signature_must_be_that_of_a_published_key() {
    let cases: [Case; 10] = [
        ("client-test-es256", |_| {}, true),
        ("client-test-invalid-sig-es256", |it| it.signs_with = 1, false),
        ("client-test-idtoken-sig-none", |it| it.header = json!({"alg": "none"}), false),
        ("alg is HS256", |it| it.header = json!({"alg": "HS256", "kid": "key-0"}), false),
        ("kid unknown", |it| it.header["kid"] = "key-7".into(), false),
        ("client-test-kid-absent-single-jwks", |it| it.header = json!({"alg": "ES256"}), true),
        (
            "client-test-kid-absent-multiple-jwks",
            |it| (it.header, it.publishes) = (json!({"alg": "ES256"}), (vec![1, 0], false)),
            true,
        ),
        (
            "kid of the other key",
            |it| {
                it.header["kid"] = "key-1".into();
                it.publishes = (vec![0, 1], true);
            },
            false,
        ),
        ("no ID token", |it| it.tokens = json!({"id_token": null}), false),
        ("no keys", |it| it.publishes = (vec![], true), false),
    ];
    for (name, change, is_valid) in cases {
        let provider = TestProvider::with(change).await;
        let (outcome, requests) = outcome(&provider, true).await;
        assert_signature(&outcome, is_valid, name);
        // The keys are read before the code is exchanged, and once more for a key that is unknown.
        assert!(requests.len() <= 3, "{name}: {requests:?}");
    }
}

/// The keys are read for each sign-in, and a set that is kept reads them again for a new key.
// threats 97
#[tokio::test]
async fn signing_key_rotation_is_followed() {
    let provider = TestProvider::start().await;
    let metadata = provider.discover().await;
    let http = native_oauth::HttpClient::new(native_oauth::Options::new("a-test/1.0"));
    let keys = native_oauth::JwkSet::new(http, metadata.jwks_uri.unwrap());
    for (key, kid, expected_reads) in [(0, "key-0", 1), (0, "key-0", 0), (1, "key-1", 1)] {
        provider.change(|it| {
            (it.signs_with, it.header["kid"]) = (key, kid.into());
            it.publishes = (vec![key], true);
        });
        let tokens = outcome(&provider, false).await.0.unwrap();
        keys.verify(&tokens.id_token.unwrap()).await.unwrap();
        assert_eq!(provider.requests_at("/connect/keys").len(), expected_reads, "{kid}");
    }
}

#[tokio::test]
async fn signature_is_verified_only_on_request() {
    let provider = TestProvider::with(|it| it.signs_with = 1).await;
    let (outcome, requests) = outcome(&provider, false).await;
    outcome.unwrap();
    assert_eq!(requests, ["/connect/token"]);
    provider.change(|it| it.metadata = json!({"jwks_uri": null}));
    let error = sign_in(&provider).await.verify_signature().start().unwrap_err();
    assert!(matches!(error, Error::MissingKeys));
}

#[tokio::test]
async fn refused_id_token_is_shown_as_a_failure_in_the_browser() {
    let provider = TestProvider::with(|it| it.claims = json!({"nonce": "another"})).await;
    let (page, shown) = std::sync::mpsc::channel();
    let outcome = sign_in(&provider).await.scopes(["openid"]).run(move |url| {
        page.send(final_page(&redirect_of(url))).unwrap();
        Ok(())
    });
    outcome.await.unwrap_err();
    assert!(shown.recv().unwrap().contains("Sign-in failed"));
}

/// OpenID Connect Core §12.2.
#[tokio::test]
async fn id_token_of_a_refresh_is_about_the_same_person() {
    let provider = TestProvider::start().await;
    let client = client(provider.discover().await);
    let tokens = SignIn::new(client.clone()).scopes(["openid"]).run(follow).await.unwrap();
    let now = UNIX_EPOCH + UNIX_EPOCH.elapsed().unwrap();
    let before = client.validate_id_token(&tokens.id_token.unwrap(), None, now).unwrap();
    let refresh_token = tokens.refresh_token.unwrap();
    for (claims, is_valid) in [
        (json!({}), true),
        (json!({"sub": "another person"}), false),
        (json!({"sub": null}), false),
        (json!({"iss": "https://evil.example.com"}), false),
        (json!({"aud": "another-client"}), false),
    ] {
        provider.change(|it| it.claims = claims.clone());
        let id_token = client.refresh(&refresh_token).await.unwrap().id_token.unwrap();
        let outcome = client.validate_refreshed_id_token(&id_token, &before, now);
        assert_eq!(outcome.is_ok(), is_valid, "{claims}");
    }
}
