//! The token responses in `fuzz/vectors`: the first line of a file is the outcome, the rest is the body.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use credentials::{AccessToken, IdToken, RefreshToken};
use http_client::http::{Request, Response};
use http_client::{DecodeError, HttpClient, Options, Transport, TransportFuture};
use token_client::{Error, Issuer, Provider, RefreshResponse, TokenClient};

/// Answers each request with this body.
#[derive(Debug)]
struct Server(Vec<u8>);

impl Transport for Server {
    fn send<'a>(&'a self, _: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
        Box::pin(async { Ok(Response::new(self.0.clone())) })
    }
}

async fn refresh(body: &[u8]) -> Result<RefreshResponse, Error> {
    let http = HttpClient::with_transport(Options::new("a-test/1.0"), Server(body.to_vec()));
    let issuer: Issuer = "https://issuer.example".parse().unwrap();
    let endpoint = |path| issuer.join(path);
    let provider = Provider::new(issuer.clone(), endpoint("/authorize"), endpoint("/token"));
    let client = TokenClient::new(http, provider, "app_1");
    client.refresh(&RefreshToken::new("refresh").unwrap()).await
}

/// `Ok`, the fields that were read, and those that cannot be used, or the error.
fn outcome(response: Result<RefreshResponse, Error>) -> String {
    let response = match response {
        Ok(response) => response,
        Err(Error::ErrorResponse(error)) => {
            return format!("ErrorResponse {}", error.code.unwrap_or_default());
        }
        Err(Error::InvalidResponse(DecodeError::NotJson { .. })) => return "NotJson".to_owned(),
        Err(Error::InvalidResponse(error)) => return format!("{error:?}"),
        Err(error) => return error.to_string(),
    };
    let text = |name: &str, value: Option<&str>| value.map(|it| format!(" {name}={it:?}"));
    let fields = [
        text("access_token", response.access_token.as_ref().map(AccessToken::expose)),
        text("refresh_token", response.refresh_token.as_ref().map(RefreshToken::expose)),
        text("id_token", response.id_token.as_ref().map(IdToken::expose)),
        response.expires_in.map(|it| format!(" expires_in={}", it.as_secs())),
        text("scope", response.scope.as_deref()),
        Some(response.unusable.iter().map(|name| format!(" unusable={name}")).collect()),
    ];
    fields.into_iter().flatten().fold("Ok".to_owned(), |outcome, field| outcome + &field)
}

// threats 72 73 85 86 87 110 111
#[tokio::test]
async fn each_token_response_vector_has_the_expected_outcome() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/vectors/token_response");
    let mut checked = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let vector = fs::read(&path).unwrap();
        let end = vector.iter().position(|byte| *byte == b'\n').unwrap();
        let (expected, body) = (str::from_utf8(&vector[..end]).unwrap(), &vector[end + 1..]);
        assert_eq!(outcome(refresh(body).await), expected, "{}", path.display());
        checked += 1;
    }
    assert!(checked >= 70, "{checked} files");
}
