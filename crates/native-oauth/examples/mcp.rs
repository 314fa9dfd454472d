//! Signs in to a protected resource that the program knows nothing about but its URL, as an MCP client
//! does: the resource names its authorization server, and the program registers itself there.

use std::error::Error;

use native_oauth::{
    BrowserError, ClientMetadata, HttpClient, Options, ProtectedResource, Provider, SignIn,
    TokenResponse, Url, open_browser,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let http = HttpClient::new(Options::new("my-app/1.0"));
    let tokens = sign_in(http, "https://mcp.example.com/mcp", open_browser).await?;
    assert!(!tokens.access_token.expose().is_empty());
    Ok(())
}

pub(crate) async fn sign_in(
    http: HttpClient,
    url: &str,
    open: impl FnOnce(&Url) -> Result<(), BrowserError> + Send + 'static,
) -> Result<TokenResponse, Box<dyn Error>> {
    let resource = ProtectedResource::discover(&http, url).await?;
    let provider = Provider::discover(&http, resource.authorization_server()).await?;
    let app = ClientMetadata::native("My App", ["http://127.0.0.1/callback"]);
    // Each registration makes another client: a program stores the id.
    let registered = provider.register(&http, &app).await?;
    let tokens = SignIn::new(registered.into_client(http, provider))
        .scopes(&resource.scopes)
        .resource(&resource.resource)
        .run(open)
        .await?;
    Ok(tokens)
}
