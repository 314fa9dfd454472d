//! Refreshes a sign-in, and ends it. A provider in memory sends the responses.

use credentials::RefreshToken;
use http_client::http::{Request, Response};
use http_client::{HttpClient, Options, Transport, TransportFuture};
use token_client::{Provider, Revocable, TokenClient};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A program that signs in at a server has `HttpClient::new` here.
    let http = HttpClient::with_transport(Options::new("my-app/1.0"), InMemory);
    let provider = Provider::discover(&http, "https://id.example.com").await?;
    let client = TokenClient::new(http, provider, "my-client-id");

    // A refresh token may work once: store the new one.
    let refresh_token = RefreshToken::new("refresh-1")?;
    let refreshed = client.refresh(&refresh_token).await?;
    let refresh_token = refreshed.refresh_token.unwrap_or(refresh_token);
    assert_eq!(refresh_token.expose(), "refresh-2");

    client.revoke(Revocable::RefreshToken(&refresh_token)).await?;
    Ok(())
}

#[derive(Debug)]
struct InMemory;

impl Transport for InMemory {
    fn send<'a>(&'a self, request: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
        let body = match request.uri().path() {
            "/.well-known/openid-configuration" => {
                r#"{"issuer": "https://id.example.com",
                    "authorization_endpoint": "https://id.example.com/authorize",
                    "token_endpoint": "https://id.example.com/token",
                    "revocation_endpoint": "https://id.example.com/revoke"}"#
            }
            "/token" => {
                r#"{"access_token": "access-2", "token_type": "Bearer", "expires_in": 3600,
                    "refresh_token": "refresh-2"}"#
            }
            _ => "",
        };
        Box::pin(async { Ok(Response::new(body.into())) })
    }
}
