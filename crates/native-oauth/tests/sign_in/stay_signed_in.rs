//! The example that keeps its tokens in a file.

use native_oauth::{HttpClient, JwkSet, Options, SignIn};
use serde_json::json;
use token_store::{FileStore, MemoryStore, Refresher, StoredTokens, Timestamp, token_source};

use crate::browser::follow;
use crate::client;
use crate::provider::{ACCESS_TOKEN, TestProvider};

#[expect(dead_code, reason = "the example's `main` is not called here")]
#[path = "../../examples/stay_signed_in.rs"]
mod example;

// threats 109 184
#[tokio::test]
async fn example_signs_in_refreshes_and_signs_out() {
    let (provider, folder) = (TestProvider::start().await, tempfile::tempdir().unwrap());
    let store = FileStore::new(folder.path().join("my-app/tokens.json"));
    let issuer = &provider.issuer();
    let access_token = || async {
        let token = example::access_token(issuer, &store).await;
        token.map(|it| it.expose().to_owned()).map_err(|error| error.to_string())
    };
    assert_eq!(access_token().await.unwrap_err(), "sign in first");
    example::sign_in(issuer, &store, follow).await.unwrap();
    assert_eq!(
        provider.paths(),
        ["/.well-known/openid-configuration", "/connect/authorize", "/connect/token"]
    );
    assert_eq!(access_token().await.unwrap(), ACCESS_TOKEN);
    assert!(provider.paths().is_empty(), "nothing is requested for a token that has not expired");

    let mut tokens = store.load().unwrap().unwrap();
    tokens.set("expires_at", "2020-01-01T00:00:00Z");
    store.save(&tokens).await.unwrap();
    assert_eq!(access_token().await.unwrap(), "at-2");
    assert_eq!(provider.paths(), ["/connect/token"]);

    example::sign_out(issuer, &store).await.unwrap();
    let revocations = provider.requests_at("/connect/revoke");
    assert_eq!(revocations.len(), 1);
    assert_eq!(revocations[0].field("token"), Some("rt-2"));
    assert_eq!(access_token().await.unwrap_err(), "sign in first");
    example::sign_out(issuer, &store).await.unwrap();
}

/// The refresh token is stored all the same: its predecessor is spent.
// threats 97 98 99 101 111
#[tokio::test]
async fn refreshed_id_token_is_validated_whatever_is_stored() {
    let none = |_: &mut StoredTokens| {};
    let unreadable = |tokens: &mut StoredTokens| tokens.set("id_token", "unreadable");
    let absent = |tokens: &mut StoredTokens| tokens.set("id_token", ());
    for (change, claims, signs_with, is_accepted) in [
        (none as fn(&mut StoredTokens), json!({}), 0, true),
        (unreadable, json!({}), 0, true),
        (absent, json!({}), 0, true),
        (none, json!({"sub": "grace"}), 0, false),
        (unreadable, json!({"aud": "another"}), 0, false),
        (absent, json!({"iss": "https://evil.example.com"}), 0, false),
        (absent, json!({"exp": 0}), 0, false),
        (none, json!({}), 1, false),
        (absent, json!({}), 1, false),
    ] {
        let provider = TestProvider::start().await;
        let client = client(provider.discover().await);
        let tokens = SignIn::new(client.clone()).scopes(["openid"]).run(follow).await.unwrap();
        let mut tokens = StoredTokens::new(&tokens, Timestamp::UNIX_EPOCH);
        change(&mut tokens);
        let case = format!("{tokens:?} {claims} {signs_with}");
        provider.change(|it| (it.claims, it.signs_with) = (claims, signs_with));
        let http = HttpClient::new(Options::new("a-test/1.0"));
        let keys = JwkSet::new(http, client.provider().jwks_uri.clone().unwrap());
        let store = MemoryStore::new(tokens);
        let source = token_source(store.clone(), Refresher::new(client).keys(keys));
        assert_eq!(source.access_token().await.is_ok(), is_accepted, "{case}");
        let stored = store.take().await.unwrap();
        assert_eq!(stored.refresh_token().unwrap().expose(), "rt-2", "{case}");
        let access_token = stored.access_token().unwrap();
        assert_eq!(access_token.expose(), if is_accepted { "at-2" } else { ACCESS_TOKEN });
    }
}
