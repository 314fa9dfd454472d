//! Servers in memory: a transport answers each request from a table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use credentials::RefreshToken;
use http_client::http::{Request, Response};
use http_client::{HttpClient, Options, Transport, TransportFuture, Url};
use token_client::{DiscoveryError, Error, Provider, Revocable, TokenClient};

/// The status and the body at each path. All other paths have the status 404.
#[derive(Debug)]
struct Server(Vec<(&'static str, u16, String)>);

impl Transport for Server {
    fn send<'a>(&'a self, request: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
        let found = self.0.iter().find(|(path, ..)| *path == request.uri().path());
        let (status, body) = found.map_or((404, ""), |(_, status, body)| (*status, body));
        let response = Response::builder().status(status).body(body.into());
        Box::pin(async { Ok(response.unwrap()) })
    }
}

fn http(responses: &[(&'static str, u16, &str)]) -> HttpClient {
    let responses = responses.iter().map(|(path, status, body)| (*path, *status, (*body).into()));
    HttpClient::with_transport(Options::new("a-test/1.0"), Server(responses.collect()))
}

const OPENID: &str = "/t/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server/t";
const OPENID_BEFORE: &str = "/.well-known/openid-configuration/t";

fn metadata(issuer: &str) -> String {
    format!(
        r#"{{"issuer":"{issuer}","authorization_endpoint":"https://a.test/authorize",
            "token_endpoint":"https://a.test/token"}}"#
    )
}

// threats 16 84 98
#[tokio::test]
async fn metadata_is_looked_for_at_each_place() {
    let (good, other) = (metadata("https://a.test/t"), metadata("https://a.test"));
    for responses in [
        &[(OPENID, 200, &*good)][..],
        &[(OAUTH, 200, &good)],
        &[(OPENID_BEFORE, 200, &good)],
        &[(OPENID, 302, ""), (OAUTH, 200, &good)],
        &[(OPENID, 404, "<html>"), (OAUTH, 200, &good)],
        &[(OPENID, 200, "<html>"), (OAUTH, 200, &good)],
        &[(OPENID, 200, "[]"), (OAUTH, 500, ""), (OPENID_BEFORE, 200, &good)],
        &[(OPENID, 200, &other), (OAUTH, 200, &good)],
        &[(OPENID, 200, &good), (OAUTH, 200, &other)],
    ] {
        let found = Provider::discover(&http(responses), "https://a.test/t").await.unwrap();
        assert_eq!(found.token_endpoint.as_str(), "https://a.test/token", "{responses:?}");
    }
}

#[tokio::test]
async fn discovery_error_is_that_of_the_document_or_of_the_first_request() {
    let other = metadata("https://a.test");
    let discover = |responses: &[_]| {
        let http = http(responses);
        async move { Provider::discover(&http, "https://a.test/t").await.unwrap_err() }
    };
    let error = discover(&[(OAUTH, 200, &other)]).await;
    assert!(matches!(error, DiscoveryError::IssuerMismatch), "{error:?}");
    let error = discover(&[(OPENID, 302, "")]).await;
    assert!(matches!(error, DiscoveryError::Request(Error::Http(_))), "{error:?}");
    let error = discover(&[(OPENID, 503, ""), (OAUTH, 404, "")]).await;
    let DiscoveryError::Request(Error::ErrorResponse(response)) = error else { panic!() };
    assert_eq!(response.status, 503);
}

#[tokio::test]
async fn issuer_of_each_tenant_is_accepted_by_its_own_name_only() {
    let template = metadata("https://a.test/{tenantid}");
    let http = http(&[(OPENID, 200, &*template)]);
    let error = Provider::discover(&http, "https://a.test/t").await.unwrap_err();
    assert!(matches!(error, DiscoveryError::IssuerTemplate(_)), "{error:?}");
    let found = Provider::discover_any_tenant(&http, "https://a.test/t").await.unwrap();
    assert_eq!(found.issuer_template.as_deref(), Some("https://a.test/{tenantid}"));
    assert_eq!(found.issuer.as_str(), "https://a.test/t");
}

/// GitHub's server returns errors with the status 200.
#[tokio::test]
async fn error_with_the_status_200_is_an_error_of_each_request() {
    let body = r#"{"error":"device_flow_disabled","error_description":"Not enabled"}"#;
    let http = http(&[("/device", 200, body), ("/par", 201, body), ("/revoke", 200, body)]);
    let url = |path: &str| format!("https://a.test{path}").parse::<Url>().unwrap();
    let issuer = "https://a.test".parse().unwrap();
    let mut provider = Provider::new(issuer, url("/authorize"), url("/token"));
    provider.device_authorization_endpoint = Some(url("/device"));
    provider.pushed_authorization_request_endpoint = Some(url("/par"));
    provider.revocation_endpoint = Some(url("/revoke"));
    let client = TokenClient::new(http, provider, "app_1");
    let token = RefreshToken::new("r").unwrap();
    for error in [
        client.request_device_authorization(None, &[]).await.unwrap_err(),
        client.push_request(&[]).await.unwrap_err(),
        client.revoke(Revocable::RefreshToken(&token)).await.unwrap_err(),
    ] {
        let code = error.error_response().and_then(|response| response.code.as_deref());
        assert_eq!(code, Some("device_flow_disabled"), "{error:?}");
    }
}
