//! Signs in with a provider, in the browser.

use native_oauth::{
    BrowserError, Error, HttpClient, Options, Provider, SignIn, TokenClient, TokenResponse, Url,
    open_browser,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = Provider::new(
        "https://id.example.com".parse()?,
        "https://id.example.com/connect/authorize".parse()?,
        "https://id.example.com/connect/token".parse()?,
    );
    let tokens = sign_in(provider, open_browser).await?;
    assert!(!tokens.access_token.expose().is_empty());
    Ok(())
}

pub(crate) async fn sign_in(
    provider: Provider,
    open: impl FnOnce(&Url) -> Result<(), BrowserError> + Send + 'static,
) -> Result<TokenResponse, Error> {
    let http = HttpClient::new(Options::new("my-app/1.0"));
    let client = TokenClient::new(http, provider, "my-client-id");
    SignIn::new(client).scopes(["openid", "email"]).run(open).await
}
