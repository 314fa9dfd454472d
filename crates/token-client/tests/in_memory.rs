//! Servers in memory: a transport answers each request from a table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, UNIX_EPOCH};

use credentials::RefreshToken;
use http_client::http::{Request, Response};
use http_client::{HttpClient, Options, Transport, TransportError, TransportFuture, Url};
use token_client::{
    ClientMetadata, DiscoveryError, Error, InvalidMetadata, ProtectedResource, Provider,
    ProviderMetadata, RegisteredClient, RegistrationError, Revocable, TokenClient,
};

/// The status and the body at each path. All other paths have the status 404. With the status 401 the body
/// is a challenge, and with the status 0 the connection ends.
#[derive(Debug)]
struct Server(Vec<(&'static str, u16, String)>);

impl Transport for Server {
    fn send<'a>(&'a self, request: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
        let found = self.0.iter().find(|(path, ..)| *path == request.uri().path());
        let (status, body) = found.map_or((404, ""), |(_, status, body)| (*status, body));
        if status == 0 {
            return Box::pin(async { Err(TransportError::Interrupted("the end".into())) });
        }
        let response = Response::builder().status(status);
        let response = match status {
            401 => response.header("www-authenticate", body).body(Vec::new()),
            _ => response.body(body.into()),
        };
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
        &[(OPENID, 200, &good), (OAUTH, 200, &other)],
    ] {
        let found = Provider::discover(&http(responses), "https://a.test/t").await.unwrap();
        assert_eq!(found.token_endpoint.as_str(), "https://a.test/token", "{responses:?}");
    }
}

#[tokio::test]
async fn bad_first_document_ends_discovery() {
    let (good, other) = (metadata("https://a.test/t"), metadata("https://a.test"));
    let discover = |responses: &[_]| {
        let http = http(responses);
        async move { Provider::discover(&http, "https://a.test/t").await.unwrap_err() }
    };
    for (responses, expected, is_transient) in [
        (
            &[(OPENID, 200, &*other), (OAUTH, 200, &*good)][..],
            "cannot use the metadata at https://a.test/t/.well-known/openid-configuration: it names \
             another issuer, \"https://a.test\" (a slash at the end matters)",
            false,
        ),
        (
            &[(OPENID, 0, ""), (OAUTH, 200, &good)],
            "cannot read the metadata at https://a.test/t/.well-known/openid-configuration: the \
             connection to a.test ended before the response was complete: the end",
            true,
        ),
        (
            &[(OPENID, 302, "")],
            "cannot read the metadata at https://a.test/t/.well-known/openid-configuration: \
             unexpected redirect from a.test (HTTP 302)",
            false,
        ),
        (
            &[(OPENID, 503, ""), (OAUTH, 404, "")],
            "cannot read the metadata at https://a.test/t/.well-known/openid-configuration: the \
             issuer refused: HTTP 503, not JSON",
            true,
        ),
    ] {
        let error = discover(responses).await;
        assert_eq!(with_sources(&error), expected);
        assert_eq!(error.is_transient(), is_transient, "{expected}");
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// No request reaches it.
#[derive(Debug)]
struct Unreachable;

impl Transport for Unreachable {
    fn send<'a>(&'a self, _: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
        Box::pin(async { Err(TransportError::NotSent("refused".into())) })
    }
}

/// The error is about the resource, not about its metadata.
#[tokio::test]
async fn resource_that_cannot_be_reached_is_named() {
    let http = HttpClient::with_transport(Options::new("a-test/1.0"), Unreachable);
    let error = ProtectedResource::discover(&http, "https://a.test/mcp").await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    let DiscoveryError::Request { url, .. } = error else { panic!("{error:?}") };
    assert_eq!(url.as_str(), "https://a.test/mcp");
}

#[tokio::test]
async fn stored_metadata_makes_the_provider_that_was_discovered() {
    let metadata = metadata("https://a.test/t").replace('{', r#"{"odd":1e400,"#);
    let http = http(&[(OPENID, 200, &metadata)]);
    let found = ProviderMetadata::discover(&http, "https://a.test/t").await.unwrap();
    let stored: ProviderMetadata =
        serde_json::from_str(&serde_json::to_string(&found).unwrap()).unwrap();
    let provider = Provider::from_metadata(&stored, &"https://a.test/t".parse().unwrap()).unwrap();
    assert_eq!(provider, Provider::discover(&http, "https://a.test/t").await.unwrap());
    let other = Provider::from_metadata(&stored, &"https://a.test".parse().unwrap());
    assert!(matches!(other, Err(InvalidMetadata::IssuerMismatch { .. })), "{other:?}");
}

#[tokio::test]
async fn issuer_template_needs_discover_any_tenant() {
    let template = metadata("https://a.test/{tenantid}");
    let http = http(&[(OPENID, 200, &*template)]);
    let error = Provider::discover(&http, "https://a.test/t").await.unwrap_err();
    let DiscoveryError::InvalidMetadata { source, .. } = error else { panic!("{error:?}") };
    assert!(matches!(source, InvalidMetadata::IssuerTemplate), "{source:?}");
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

/// RFC 7009 §2.2 wants the status 200. Google returns an error.
#[tokio::test]
async fn token_that_is_not_valid_counts_as_revoked() {
    let outcome = async |status, body| {
        let at = |path: &str| format!("https://a.test{path}").parse::<Url>().unwrap();
        let mut provider =
            Provider::new("https://a.test".parse().unwrap(), at("/authorize"), at("/token"));
        provider.revocation_endpoint = Some(at("/revoke"));
        let client = TokenClient::new(http(&[("/revoke", status, body)]), provider, "app_1");
        client.revoke(Revocable::RefreshToken(&RefreshToken::new("r").unwrap())).await
    };
    for status in [200, 400] {
        outcome(status, r#"{"error":"invalid_token"}"#).await.unwrap();
        outcome(status, r#"{"error":"invalid_request"}"#).await.unwrap_err();
    }
    // The request was refused, and the token may still work.
    for status in [401, 503] {
        outcome(status, r#"{"error":"invalid_token"}"#).await.unwrap_err();
    }
}

fn resource(resource: &str) -> String {
    format!(
        r#"{{"resource":"{resource}","authorization_servers":["https://id.test/t","http://127.0.0.1/","https://[::1]/"],
            "scopes_supported":["a","b"]}}"#
    )
}

const CHALLENGE: &str = r#"Bearer resource_metadata="https://a.test/meta", scope="b c""#;
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource/mcp";
const ROOT: &str = "/.well-known/oauth-protected-resource";

/// RFC 9728 §3.3: metadata about another resource must not be used.
// threats 84
#[tokio::test]
async fn metadata_of_a_resource_is_about_this_resource() {
    let (good, root) = (resource("https://a.test/mcp"), resource("https://a.test"));
    let other = resource("https://evil.test/mcp");
    let insecure = CHALLENGE.replace("https", "http");
    let foreign = r#"{"resource":"https://a.test/mcp","authorization_servers":["http://id.test"]}"#;
    let null = r#"{"resource":"https://a.test/mcp","authorization_servers":null}"#;
    let (whole, scopes) = ("https://a.test/mcp", "a b");
    for (responses, expected) in [
        (&[("/mcp", 401, CHALLENGE), ("/meta", 200, &*good)][..], Some((whole, "b c"))),
        (&[("/mcp", 401, &insecure), ("/meta", 200, &good)], None),
        (&[(WELL_KNOWN, 200, &good)], Some((whole, scopes))),
        (&[("/mcp", 302, ""), (WELL_KNOWN, 200, &good)], Some((whole, scopes))),
        (&[("/mcp", 401, "Bearer"), (ROOT, 200, &root)], Some(("https://a.test", scopes))),
        (&[("/mcp", 401, CHALLENGE), ("/meta", 200, &other), (WELL_KNOWN, 200, &other)], None),
        (&[("/mcp", 401, CHALLENGE), ("/meta", 200, &root)], None),
        (&[(ROOT, 200, &good)], None),
        (&[(WELL_KNOWN, 200, foreign)], None),
        (&[(WELL_KNOWN, 200, r#"{"resource":"https://a.test/mcp"}"#)], None),
        (&[(WELL_KNOWN, 200, null), (ROOT, 200, &root)], Some(("https://a.test", scopes))),
    ] {
        let found = ProtectedResource::discover(&http(responses), "https://a.test/mcp").await.ok();
        let shown = found.as_ref().map(|it| (it.resource.clone(), it.scopes.join(" ")));
        let shown = shown.as_ref().map(|(resource, scopes)| (&**resource, &**scopes));
        assert_eq!(shown, expected, "{responses:?}");
        let server = "https://id.test/t";
        assert!(found.as_ref().is_none_or(|it| it.authorization_servers == [server]));
        assert!(found.is_none_or(|it| it.authorization_server() == server));
    }
}

#[tokio::test]
async fn registered_client_has_the_authentication_of_the_server() {
    let metadata = ClientMetadata::native("My App", ["http://127.0.0.1/callback"]);
    let issuer = "https://a.test".parse().unwrap();
    let url = |path: &str| format!("https://a.test{path}").parse::<Url>().unwrap();
    let mut provider = Provider::new(issuer, url("/authorize"), url("/token"));
    let outcome = provider.register(&http(&[]), &metadata).await;
    assert!(matches!(outcome, Err(RegistrationError::NotSupported)));
    provider.registration_endpoint = Some(url("/register"));
    for (body, expected) in [
        (r#"{"client_id":"c"}"#, Some("None")),
        (r#"{"client_id":"c","client_secret":"s"}"#, Some("SecretBasic")),
        (
            r#"{"client_id":"c","client_secret":"s","token_endpoint_auth_method":"client_secret_post"}"#,
            Some("SecretPost"),
        ),
        (
            r#"{"client_id":"c","client_secret":"s","token_endpoint_auth_method":"none"}"#,
            Some("None"),
        ),
        (r#"{"client_id":"c","client_secret":""}"#, Some("None")),
        (r#"{"error":"invalid_redirect_uri"}"#, None),
        (r#"{"client_id":"c","client_secret":"a\nb"}"#, None),
        ("{}", None),
    ] {
        let http = http(&[("/register", 201, body)]);
        let registered = provider.register(&http, &metadata).await;
        let stored = registered.map(|it| RegisteredClient::from_json(it.as_json()).unwrap());
        let client = stored.map(|it| it.into_client(http, provider.clone()));
        match (client, expected) {
            (Ok(client), Some(expected)) => {
                assert_eq!(client.client_id(), "c");
                assert!(format!("{client:?}").contains(expected), "{body}");
            }
            (Err(RegistrationError::Request { source, .. }), None) => assert!(
                matches!(*source, Error::ErrorResponse(_) | Error::InvalidResponse(_)),
                "{source:?}"
            ),
            (outcome, _) => panic!("{body}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn registration_with_an_unknown_authentication_is_refused() {
    let issuer = "https://a.test".parse().unwrap();
    let url = |path: &str| format!("https://a.test{path}").parse::<Url>().unwrap();
    let mut provider = Provider::new(issuer, url("/authorize"), url("/token"));
    provider.registration_endpoint = Some(url("/register"));
    let body =
        r#"{"client_id":"c","client_secret":"s","token_endpoint_auth_method":"private_key_jwt"}"#;
    let metadata = ClientMetadata::native("My App", ["http://127.0.0.1/callback"]);
    let error = provider.register(&http(&[("/register", 201, body)]), &metadata).await.unwrap_err();
    let expected =
        "the server registered the client with \"private_key_jwt\", which is not supported";
    assert_eq!(error.to_string(), expected);
    assert!(!error.is_transient());
    assert!(RegisteredClient::from_json(body).is_none());
    for (status, is_transient) in [(400, false), (503, true)] {
        let http = http(&[("/register", status, "{}")]);
        let error = provider.register(&http, &metadata).await.unwrap_err();
        assert_eq!(error.is_transient(), is_transient, "{status}");
    }
}

#[tokio::test]
async fn error_beside_empty_tokens_is_an_error() {
    let url = |path: &str| format!("https://a.test{path}").parse::<Url>().unwrap();
    let token = RefreshToken::new("r").unwrap();
    for (body, is_error) in [
        (r#"{"error":"invalid_grant","access_token":null,"refresh_token":""}"#, true),
        (r#"{"error":"invalid_grant","refresh_token":"r-2"}"#, false),
    ] {
        let provider =
            Provider::new("https://a.test".parse().unwrap(), url("/authorize"), url("/token"));
        let client = TokenClient::new(http(&[("/token", 200, body)]), provider, "app_1");
        let error = client.refresh(&token).await.err();
        assert_eq!(error.is_some_and(|it| it.requires_reauthentication()), is_error, "{body}");
    }
}

/// RFC 7591 §3.2.1: zero is never.
// threats 195
#[test]
fn stored_registration_keeps_each_member() {
    for (at, expected) in [("0", None), ("1800000000", Some(1_800_000_000)), ("\"soon\"", None)] {
        let json = format!(
            r#"{{"client_id":"c","client_secret":"s3cret","client_secret_expires_at":{at},"more":1e400}}"#
        );
        let client = RegisteredClient::from_json(&json).unwrap();
        assert_eq!(client.client_secret_expires_at.map(|it| it.as_secs()), expected);
        assert_eq!(client.as_json(), json);
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(!client.has_expired(at(1_799_999_999)));
        assert_eq!(client.has_expired(at(1_800_000_000)), expected.is_some());
        let shown = format!("{client:?}");
        assert!(shown.contains("[redacted]") && !shown.contains("s3cret"), "{shown}");
    }
    assert!(RegisteredClient::from_json("{}").is_none());
}
