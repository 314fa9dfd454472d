//! The example that keeps its tokens in a file.

use std::time::Duration;

use native_oauth::{Event, HttpClient, JwkSet, Options, SignIn, StandardDeviceFlow};
use serde_json::json;
use token_store::{
    FileStore, MemoryStore, RefreshFailure, Refresher, StoredTokens, Timestamp,
    TokenSourceError as Error, token_source,
};

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

/// The refresh token is spent by a request whose response could not be checked.
// threats 97 111
#[tokio::test]
async fn nothing_is_refreshed_if_the_keys_cannot_be_read() {
    let provider = TestProvider::start().await;
    let client = client(provider.discover().await);
    let tokens = SignIn::new(client.clone()).scopes(["openid"]).run(follow).await.unwrap();
    let mut tokens = StoredTokens::new(&tokens, Timestamp::UNIX_EPOCH);
    tokens.set("expires_at", "2020-01-01T00:00:00Z");
    provider.paths();
    let http = HttpClient::new(Options::new("a-test/1.0"));
    let keys = JwkSet::new(http, "http://127.0.0.1:1/keys".parse().unwrap());
    let source = token_source(MemoryStore::new(tokens), Refresher::new(client).keys(keys));
    let error = source.access_token().await.unwrap_err();
    assert!(matches!(error, Error::Refresh(RefreshFailure::Keys(_))), "{error:?}");
    assert!(provider.paths().is_empty(), "{:?}", provider.paths());
}

/// A lifetime belongs to the access token beside it.
// threats 109
#[tokio::test]
async fn lifetime_without_an_access_token_does_not_extend_the_old_one() {
    let provider = TestProvider::start().await;
    let client = client(provider.discover().await);
    let tokens = SignIn::new(client.clone()).run(follow).await.unwrap();
    let mut tokens = StoredTokens::new(&tokens, Timestamp::UNIX_EPOCH);
    tokens.set("expires_at", "2020-01-01T00:00:00Z");
    provider.change(|it| it.tokens = json!({"access_token": null}));
    let store = MemoryStore::new(tokens);
    let source = token_source(store.clone(), client);
    let error = source.access_token().await.unwrap_err();
    assert!(matches!(error, Error::NoAccessToken), "{error:?}");
    let stored = store.take().await.unwrap();
    assert_eq!(stored.refresh_token().unwrap().expose(), "rt-2");
    assert_eq!(stored.expires_at().unwrap().to_string(), "2020-01-01T00:00:00Z");
}

// threats 6
#[tokio::test]
async fn debug_hides_the_state_and_the_nonce() {
    let provider = TestProvider::start().await;
    let sign_in = SignIn::new(client(provider.discover().await)).scopes(["openid"]);
    let mut pending = sign_in.start().unwrap();
    let debug = format!("{pending:?}");
    assert!(debug.contains("redirect_uri: \"http://127.0.0.1:"), "{debug}");
    let url = pending.authorization().url().clone();
    for (name, value) in url.query_pairs() {
        let is_secret = ["state", "nonce", "code_challenge"].contains(&name.as_ref());
        assert!(!is_secret || !debug.contains(value.as_ref()), "{name} in {debug}");
    }
}

/// A person who gets a user code can finish the sign-in of another, and a parameter can be a secret.
// threats 6
#[tokio::test]
async fn debug_hides_user_codes_and_the_values_of_parameters() {
    let client = client(TestProvider::start().await.discover().await);
    let parameters = [("a_name".to_owned(), "canary".to_owned())];
    let mut flow = StandardDeviceFlow::new(&client);
    flow.parameters = &parameters;
    let event = Event::DeviceCode {
        verification_uri: "https://id.test/a_name",
        verification_uri_complete: Some("https://id.test/canary"),
        user_code: "canary",
        expires_in: Duration::ZERO,
    };
    for debug in [
        format!("{event:?}"),
        format!("{flow:?}"),
        format!("{:?}", SignIn::new(client.clone()).parameter("a_name", "canary")),
        format!("{:?}", Refresher::new(client.clone()).parameter("a_name", "canary")),
    ] {
        assert!(debug.contains("a_name") && !debug.contains("canary"), "{debug}");
    }
}
