//! The ID token, beside what [`conformance`](crate::conformance) covers.

use native_oauth::{Error, HttpClient, JwkSet, Options};
use serde_json::json;

use crate::browser::{deliver, follow};
use crate::provider::TestProvider;
use crate::sign_in;

/// A set that is kept reads the keys again for a new key.
// threats 97
#[tokio::test]
async fn signing_key_rotation_is_followed() {
    let provider = TestProvider::start().await;
    let metadata = provider.discover().await;
    let http = HttpClient::new(Options::new("a-test/1.0"));
    let keys = JwkSet::new(http, metadata.jwks_uri.unwrap());
    for (key, kid, expected_reads) in [(0, "key-0", 1), (0, "key-0", 0), (1, "key-1", 1)] {
        provider.change(|it| {
            (it.signs_with, it.header["kid"]) = (key, kid.into());
            it.publishes = (vec![key], true);
        });
        let tokens = sign_in(&provider).await.scopes(["openid"]).run(follow).await.unwrap();
        keys.verify(&tokens.id_token.unwrap()).await.unwrap();
        assert_eq!(provider.requests_at("/connect/keys").len(), expected_reads, "{kid}");
    }
}

#[tokio::test]
async fn signature_is_verified_only_on_request() {
    let provider = TestProvider::with(|it| it.signs_with = 1).await;
    sign_in(&provider).await.scopes(["openid"]).run(follow).await.unwrap();
    assert!(provider.requests_at("/connect/keys").is_empty());
    provider.change(|it| it.metadata = json!({"jwks_uri": null}));
    let error = sign_in(&provider).await.require_signature().start().unwrap_err();
    assert!(matches!(error, Error::MissingKeys));
}

#[tokio::test]
async fn refused_id_token_is_shown_as_a_failure_in_the_browser() {
    let provider = TestProvider::with(|it| it.claims = json!({"nonce": "another"})).await;
    let (page, shown) = std::sync::mpsc::channel();
    let outcome = sign_in(&provider).await.scopes(["openid"]).run(move |url| {
        page.send(deliver(url)).unwrap();
        Ok(())
    });
    outcome.await.unwrap_err();
    assert!(shown.recv().unwrap().contains("Sign-in failed"));
}
