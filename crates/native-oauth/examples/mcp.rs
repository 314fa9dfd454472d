//! Signs in to a protected resource that the program knows nothing about but its URL, as an MCP client
//! does: the resource names its authorization server, and the program registers itself there, once.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, SystemTime};

use native_oauth::{
    BrowserError, ClientMetadata, HttpClient, Options, ProtectedResource, Provider,
    RegisteredClient, SignIn, TokenResponse, Url, open_browser,
};
use token_store::shared_file::{Error as FileError, SharedFile};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let http = HttpClient::new(Options::new("my-app/1.0"));
    // Another process may register meanwhile.
    let clients = SharedFile::new("my-app/clients.json").lock_wait(Duration::from_secs(60));
    let tokens = sign_in(http, "https://mcp.example.com/mcp", clients, open_browser).await?;
    assert!(!tokens.access_token.expose().is_empty());
    Ok(())
}

pub(crate) async fn sign_in(
    http: HttpClient,
    url: &str,
    clients: SharedFile,
    open: impl FnOnce(&Url) -> Result<(), BrowserError> + Send + 'static,
) -> Result<TokenResponse, Box<dyn Error>> {
    let resource = ProtectedResource::discover(&http, url).await?;
    let provider = Provider::discover(&http, resource.authorization_server()).await?;
    let registered = registered_client(&http, &provider, clients).await?;
    let tokens = SignIn::new(registered.into_client(http, provider))
        .scopes(&resource.scopes)
        .resource(&resource.resource)
        .run(open)
        .await?;
    Ok(tokens)
}

/// The client that is registered at this provider. Each registration makes another one, so it is kept, in a file
/// of its own: a sign-out removes that of the tokens. The file is locked meanwhile: two first sign-ins at the
/// same time register one client.
#[expect(clippy::disallowed_methods, reason = "a program decides which clock it uses")]
async fn registered_client(
    http: &HttpClient,
    provider: &Provider,
    clients: SharedFile,
) -> Result<RegisteredClient, Box<dyn Error>> {
    let mut clients = tokio::task::spawn_blocking(move || clients.lock()).await??;
    let mut kept = clients.read(parse)?.unwrap_or_default();
    let issuer = provider.issuer.as_str();
    let client = kept.get(issuer).and_then(|json| RegisteredClient::from_json(json));
    if let Some(client) = client.filter(|it| !it.has_expired(SystemTime::now())) {
        return Ok(client);
    }
    let app = ClientMetadata::native("My App", ["http://127.0.0.1/callback"]);
    let client = provider.register(http, &app).await?;
    kept.insert(issuer.to_owned(), client.as_json().to_owned());
    clients.replace(serde_json::to_vec(&kept)?.into())?;
    Ok(client)
}

/// The registrations by issuer. A file that is none is replaced.
fn parse(content: &[u8]) -> Result<Option<BTreeMap<String, String>>, FileError> {
    Ok(serde_json::from_slice(content).ok())
}
