//! The presets of the example, against the metadata that their providers publish.

#[expect(dead_code, reason = "the example's `main` is not called here")]
#[path = "../examples/presets.rs"]
mod example;

use http_client::http::{Request, Response};
use http_client::{Transport, TransportFuture};
use native_oauth::{Client, HttpClient, Options};
use serde_json::json;

/// The providers with metadata.
#[derive(Debug)]
struct Providers;

impl Transport for Providers {
    fn send<'a>(&'a self, request: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
        let (issuer, authorization, token) = match request.uri().to_string().as_str() {
            "https://accounts.google.com/.well-known/openid-configuration" => (
                "https://accounts.google.com",
                "https://accounts.google.com/o/oauth2/v2/auth",
                "https://oauth2.googleapis.com/token",
            ),
            "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration" => (
                "https://login.microsoftonline.com/{tenantid}/v2.0",
                "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
                "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            ),
            _ => ("", "", ""),
        };
        let metadata = json!({
            "issuer": issuer, "authorization_endpoint": authorization, "token_endpoint": token,
        });
        Box::pin(async move { Ok(Response::new(metadata.to_string().into_bytes())) })
    }
}

#[tokio::test]
async fn each_preset_makes_the_authorization_url_of_its_provider() {
    let mut seen = Vec::new();
    for preset in &example::PRESETS {
        let http = HttpClient::with_transport(Options::new("a-test/1.0"), Providers);
        let provider = preset.provider(&http).await.unwrap();
        let client = Client::new(http, provider, "my-client");
        let mut pending = preset.sign_in(client).start().unwrap();
        let port = pending.authorization().port();
        let url = pending.authorization().url().clone();
        let redirect_uri = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1;
        let redirect_uri = redirect_uri.replace(&port.to_string(), "PORT");
        let end = url.query().unwrap().split_once("&scope=").unwrap().1;
        let endpoint = format!("{}{}", url.host_str().unwrap(), url.path());
        seen.push(format!("{}: {endpoint} {redirect_uri} {end}", preset.name));
    }
    assert_eq!(
        seen,
        [
            "google: accounts.google.com/o/oauth2/v2/auth http://127.0.0.1:PORT \
             openid+email&access_type=offline&prompt=consent",
            "microsoft: login.microsoftonline.com/common/oauth2/v2.0/authorize \
             http://localhost:PORT openid+email+offline_access",
            "github: github.com/login/oauth/authorize http://127.0.0.1:PORT/callback read%3Auser",
        ]
    );
}
