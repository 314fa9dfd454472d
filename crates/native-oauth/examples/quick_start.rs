//! Signs in with a provider, in the browser.

use std::error::Error;

use native_oauth::{
    BrowserError, Client, HttpClient, Options, Provider, SignIn, TokenResponse, Url, open_browser,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let tokens = sign_in("https://id.example.com", open_browser).await?;
    assert!(!tokens.access_token.expose().is_empty());
    Ok(())
}

pub(crate) async fn sign_in(
    issuer: &str,
    open: impl FnOnce(&Url) -> Result<(), BrowserError> + Send + 'static,
) -> Result<TokenResponse, Box<dyn Error>> {
    let http = HttpClient::new(Options::new("my-app/1.0"));
    let provider = Provider::discover(&http, issuer).await?;
    let tokens = SignIn::new(Client::new(http, provider, "my-client-id"))
        .scopes(["openid", "email", "offline_access"])
        .run(open)
        .await?;
    Ok(tokens)
}
