//! A client, how it proves its identity, and that its tokens are bound to a key. The server is in memory.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::{ClientSecret, RefreshToken};
use http_client::http::{Request, Response};
use http_client::{HttpClient, Options, Transport, TransportFuture, Url};
use serde_json::Value;
use token_client::{
    BodyFormat, ClientAuthentication, DpopKey, Error, Provider, RefreshResponse, TokenClient,
    TokenRequest,
};

/// The status, the nonce and the body of each response, in order; the last one stays.
type Responses = &'static [(u16, &'static str, &'static str)];

/// A server that keeps the claims of each proof.
#[derive(Clone, Debug)]
struct Server {
    responses: Responses,
    proofs: Arc<Mutex<Vec<Value>>>,
}

impl Transport for Server {
    fn send<'a>(&'a self, request: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        let number = proofs.len().min(self.responses.len() - 1);
        let proof = request.headers().get("dpop").and_then(|proof| claims(proof.as_bytes()));
        proofs.push(proof.unwrap_or_default());
        let (status, nonce, body) = self.responses[number];
        let mut response = Response::new(body.as_bytes().to_vec());
        *response.status_mut() = status.try_into().unwrap_or_default();
        if let (false, Ok(nonce)) = (nonce.is_empty(), nonce.parse()) {
            response.headers_mut().insert("dpop-nonce", nonce);
        }
        Box::pin(async { Ok(response) })
    }
}

fn claims(proof: &[u8]) -> Option<Value> {
    let claims = proof.split(|byte| *byte == b'.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

fn server(responses: Responses) -> Server {
    Server { responses, proofs: Arc::default() }
}

fn client(server: &Server) -> Result<TokenClient, Box<dyn StdError>> {
    let http = HttpClient::with_transport(Options::new("a-test/1.0"), server.clone());
    let (authorize, token) = ("https://a.test/authorize".parse()?, "https://a.test/token".parse()?);
    Ok(TokenClient::new(http, Provider::new("https://a.test".parse()?, authorize, token), "app_1"))
}

/// Refreshes, and returns the nonce of each proof.
async fn refresh(
    responses: Responses,
    times: usize,
) -> Result<(Result<RefreshResponse, Error>, Vec<Value>), Box<dyn StdError>> {
    let server = server(responses);
    let client = client(&server)?.with_dpop(DpopKey::generate()?);
    let token = RefreshToken::new("r")?;
    let mut outcome = client.refresh(&token).await;
    for _ in 1..times {
        outcome = client.refresh(&token).await;
    }
    let proofs = server.proofs.lock().unwrap_or_else(PoisonError::into_inner);
    let nonces = proofs.iter().map(|claims| claims["nonce"].clone()).collect();
    Ok((outcome, nonces))
}

const BOUND: &str = r#"{"access_token":"a","token_type":"DPoP"}"#;
const ASKS_FOR_NONCE: &str = r#"{"error":"use_dpop_nonce"}"#;

#[tokio::test]
async fn request_is_repeated_with_the_nonce_that_the_server_wants() {
    let responses: Responses = &[(400, "n-1", ASKS_FOR_NONCE), (200, "n-2", BOUND)];
    let (outcome, nonces) = refresh(responses, 2).await.unwrap();
    assert_eq!(outcome.unwrap().access_token.unwrap().expose(), "a");
    assert_eq!(nonces, [Value::Null, "n-1".into(), "n-2".into()]);
}

#[tokio::test]
async fn request_is_not_repeated_without_a_new_nonce() {
    let refusals: [Responses; 3] = [
        &[(400, "", ASKS_FOR_NONCE)],
        &[(400, "n-1", r#"{"error":"invalid_grant"}"#)],
        &[(500, "n-1", "{}")],
    ];
    for responses in refusals {
        let (outcome, nonces) = refresh(responses, 1).await.unwrap();
        assert!(matches!(outcome, Err(Error::ErrorResponse(_))), "{outcome:?}");
        assert_eq!(nonces, [Value::Null], "{responses:?}");
    }
    // A server that never accepts its own nonce.
    let (outcome, nonces) = refresh(&[(400, "n-1", ASKS_FOR_NONCE)], 1).await.unwrap();
    assert!(matches!(outcome, Err(Error::ErrorResponse(_))), "{outcome:?}");
    assert_eq!(nonces, [Value::Null, "n-1".into()]);
}

#[tokio::test]
async fn token_that_the_server_did_not_bind_is_refused() {
    let bearer: Responses = &[(200, "", r#"{"access_token":"a","token_type":"Bearer"}"#)];
    let (outcome, nonces) = refresh(bearer, 1).await.unwrap();
    let response = outcome.unwrap();
    assert!(response.access_token.is_none() && response.unusable == ["token_type"]);
    assert_eq!(nonces, [Value::Null]);
}

/// A server may repeat what it was sent.
// threats 6
#[tokio::test]
async fn error_does_not_repeat_the_client_secret() {
    let echo: Responses =
        &[(401, "", r#"{"error":"invalid_client","error_description":"not client-s3cret"}"#)];
    let secret = || ClientSecret::new("client-s3cret").unwrap();
    for authentication in
        [ClientAuthentication::SecretPost(secret()), ClientAuthentication::SecretBasic(secret())]
    {
        let client = client(&server(echo)).unwrap().with_authentication(authentication);
        let error = client.refresh(&RefreshToken::new("r").unwrap()).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("invalid_client") && !shown.contains("s3cret"), "{shown}");
    }
}

// threats 6
#[test]
fn debug_of_a_request_shows_no_field() {
    let endpoint: Url = "https://a.test/token".parse().unwrap();
    let fields = [("refresh_token", "canary")];
    let shown = format!("{:?}", TokenRequest::new(&endpoint, BodyFormat::Form, &fields));
    assert!(shown.contains("/token") && !shown.contains("canary"), "{shown}");
}

#[test]
fn another_client_or_server_replaces_only_itself() {
    let client = client(&server(&[])).unwrap().with_client_id("app_2");
    assert_eq!((client.client_id(), client.issuer().as_str()), ("app_2", "https://a.test"));
    let url = || "https://b.test/x".parse::<Url>().unwrap();
    let elsewhere = Provider::new("https://b.test".parse().unwrap(), url(), url());
    let client = client.with_provider(elsewhere);
    assert_eq!((client.client_id(), client.issuer().as_str()), ("app_2", "https://b.test"));
}
