//! Signs in, keeps the tokens in a file, refreshes them when they expire, and signs out. Any number of processes
//! of the program can share the file.

use std::error::Error;

use native_oauth::{
    AccessToken, BrowserError, Client, HttpClient, Options, Provider, ProviderMetadata, Revocable,
    SignIn, TokenError, Url, open_browser,
};
use token_store::{FileStore, StoredTokens, Timestamp};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (issuer, store) = ("https://id.example.com", FileStore::new("my-app/tokens.json"));
    sign_in(issuer, &store, open_browser).await?;
    // Before each request to an API, in this process and in later ones.
    assert!(!access_token(issuer, &store).await?.expose().is_empty());
    sign_out(issuer, &store).await
}

fn client(issuer: &str, metadata: &ProviderMetadata) -> Result<Client, Box<dyn Error>> {
    let http = HttpClient::new(Options::new("my-app/1.0"));
    let provider = Provider::from_metadata(metadata, &issuer.parse()?)?;
    Ok(Client::new(http, provider, "my-client-id"))
}

/// The client of the stored sign-in. The endpoints are stored too, so that this sends no request.
fn stored_client(issuer: &str, tokens: &StoredTokens) -> Result<Client, Box<dyn Error>> {
    client(issuer, &tokens.get("provider").ok_or("the stored sign-in has no provider")?)
}

#[expect(clippy::disallowed_methods, reason = "a program decides which clock it uses")]
pub(crate) async fn sign_in(
    issuer: &str,
    store: &FileStore,
    open: impl FnOnce(&Url) -> Result<(), BrowserError> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    // Nobody signs in for tokens that cannot be stored.
    store.check_writable().await?;
    let http = HttpClient::new(Options::new("my-app/1.0"));
    let metadata = ProviderMetadata::discover(&http, issuer).await?;
    let sign_in = SignIn::new(client(issuer, &metadata)?).scopes(["openid", "offline_access"]);
    let mut tokens = StoredTokens::new(&sign_in.run(open).await?, Timestamp::now());
    tokens.set("provider", metadata);
    Ok(store.save(&tokens).await?)
}

pub(crate) async fn access_token(
    issuer: &str,
    store: &FileStore,
) -> Result<AccessToken, Box<dyn Error>> {
    let client = stored_client(issuer, &store.load()?.ok_or("sign in first")?)?;
    Ok(token_store::token_source(store.clone(), client).access_token().await?)
}

pub(crate) async fn sign_out(issuer: &str, store: &FileStore) -> Result<(), Box<dyn Error>> {
    let Some(stored) = store.load()? else { return Ok(()) };
    let client = stored_client(issuer, &stored)?;
    // The tokens go even if the server cannot revoke them. Another process may have refreshed them since.
    let taken = store.take().await?;
    if let Some(token) = taken.and_then(|tokens| tokens.refresh_token()) {
        match client.revoke(Revocable::RefreshToken(&token)).await {
            // Then the tokens stay valid until they expire.
            Err(TokenError::RevocationNotSupported) => {}
            outcome => outcome?,
        }
    }
    Ok(())
}
