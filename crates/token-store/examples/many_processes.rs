//! Tokens in a file. Any number of processes ask for an access token, and one of them refreshes it.

use std::error::Error;

use credentials::AccessToken;
use token_client::{HttpClient, Options, Provider, TokenClient};
use token_store::{FileStore, StoredTokens};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = FileStore::new(folder.path().join("my-app/tokens.json"));

    // Once, with the `response` of a sign-in: `StoredTokens::new(&response, Timestamp::now())`.
    let mut tokens = StoredTokens::default();
    tokens.set("access_token", "an-access-token");
    tokens.set("expires_at", "2126-01-01T00:00:00Z");
    store.save(&tokens).await?;

    assert_eq!(access_token(store).await?.expose(), "an-access-token");
    Ok(())
}

/// What each process calls, before each request to an API.
async fn access_token(store: FileStore) -> Result<AccessToken, Box<dyn Error>> {
    let http = HttpClient::new(Options::new("my-app/1.0"));
    let provider = Provider::new(
        "https://id.example.com".parse()?,
        "https://id.example.com/authorize".parse()?,
        "https://id.example.com/token".parse()?,
    );
    let source = token_store::token_source(store, TokenClient::new(http, provider, "my-client-id"));
    Ok(source.access_token().await?)
}
