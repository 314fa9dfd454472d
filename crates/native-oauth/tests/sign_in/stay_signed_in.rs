//! The example that keeps its tokens in a file.

use token_store::FileStore;

use crate::browser::follow;
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
