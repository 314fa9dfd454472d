//! Keeps a sign-in fresh, and ends it.

use credentials::RefreshToken;
use http_client::{HttpClient, Options};
use sandbox::{Account, Client, Sandbox, Scenario};
use token_client::{BodyFormat, Provider, Revocable, TokenClient};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The sandbox stands for the server. A person has signed in there already.
    let sandbox = Sandbox::start(Scenario::default()).await?;
    let ada = sandbox.mint(Account::OWNER).ok_or("no such account")?;
    let refresh_token = RefreshToken::new(ada.refresh_token.unwrap_or_default())?;

    let http = HttpClient::new(Options::new("use-a-sign-in/1.0"));
    let endpoint = |path| format!("{}{path}", sandbox.issuer_url()).parse();
    let (authorize, token) = (endpoint("/oauth/authorize")?, endpoint("/oauth/token")?);
    let mut provider = Provider::new(sandbox.issuer_url().parse()?, authorize, token);
    provider.revocation_endpoint = Some(endpoint("/oauth/revoke")?);
    // This server departs from the RFCs here.
    (provider.refresh_body, provider.revocation_body) = (BodyFormat::Json, BodyFormat::Json);
    let client = TokenClient::new(http, provider, Client::SIGN_IN);

    // The old refresh token is spent by this: the new one has to be stored.
    let refreshed = client.refresh(&refresh_token).await?;
    let refresh_token = refreshed.refresh_token.unwrap_or(refresh_token);

    client.revoke(Revocable::RefreshToken(&refresh_token)).await?;
    assert!(client.refresh(&refresh_token).await.is_err());
    Ok(())
}
