//! The example of an MCP client, with a resource and an authorization server in memory.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the example's `main` is not called here")]
#[path = "../examples/mcp.rs"]
mod example;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use http_client::http::{Request, Response};
use http_client::{Transport, TransportFuture};
use native_oauth::{HttpClient, Options, Url};
use serde_json::{Value, json};
use token_store::shared_file::SharedFile;

/// The bodies of the requests, each with its path.
type Requests = Arc<Mutex<Vec<(String, String)>>>;

#[derive(Debug)]
struct Servers(Requests);

impl Transport for Servers {
    fn send<'a>(&'a self, request: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
        let body = str::from_utf8(request.body()).unwrap().to_owned();
        let url = request.uri().to_string();
        let response = response(&url);
        self.0.lock().unwrap().push((url, body));
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(response)
        })
    }
}

fn response(url: &str) -> Response<Vec<u8>> {
    let json = |json: Value| Response::new(json.to_string().into_bytes());
    match url {
        "https://mcp.test/mcp" => {
            let challenge = r#"Bearer resource_metadata="https://mcp.test/metadata""#;
            let refusal = Response::builder().status(401).header("www-authenticate", challenge);
            refusal.body(Vec::new()).unwrap()
        }
        "https://mcp.test/metadata" => json(json!({
            "resource": "https://mcp.test/mcp", "scopes_supported": ["tools"],
            "authorization_servers": ["https://id.test/mcp"],
        })),
        "https://id.test/.well-known/oauth-authorization-server/mcp" => json(json!({
            "issuer": "https://id.test/mcp", "registration_endpoint": "https://id.test/register",
            "authorization_endpoint": "https://id.test/authorize",
            "token_endpoint": "https://id.test/token",
        })),
        "https://id.test/register" => json(json!({"client_id": "registered"})),
        "https://id.test/token" => json(json!({"access_token": "at-1", "token_type": "Bearer"})),
        _ => Response::builder().status(404).body(Vec::new()).unwrap(),
    }
}

/// The person agrees: the browser ends at the redirect URI.
fn agree(url: &Url) {
    let value = |name| url.query_pairs().find(|(it, _)| it == name).unwrap().1.into_owned();
    let mut redirect: Url = value("redirect_uri").parse().unwrap();
    redirect.query_pairs_mut().append_pair("code", "c-1").append_pair("state", &value("state"));
    let host = format!("127.0.0.1:{}", redirect.port().unwrap());
    let mut connection = TcpStream::connect(&host).unwrap();
    let target = format!("{}?{}", redirect.path(), redirect.query().unwrap());
    write!(connection, "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        .unwrap();
    connection.read_to_string(&mut String::new()).unwrap();
}

/// RFC 9728, RFC 8414, RFC 7591 and RFC 8707 in one sign-in, and a second one.
// threats 8 184
#[tokio::test]
async fn sign_in_needs_only_the_url_of_the_resource() {
    let requests = Requests::default();
    let http = HttpClient::with_transport(Options::new("a-test/1.0"), Servers(requests.clone()));
    let folder = tempfile::tempdir().unwrap();
    let clients = SharedFile::new(folder.path().join("clients.json"));
    let (opened, url) = std::sync::mpsc::channel();
    for _ in 0..2 {
        let opened = opened.clone();
        let tokens =
            example::sign_in(http.clone(), "https://mcp.test/mcp", clients.clone(), move |url| {
                opened.send(url.clone()).unwrap();
                agree(url);
                Ok(())
            });
        assert_eq!(tokens.await.unwrap().access_token.expose(), "at-1");
    }

    let url: Url = url.recv().unwrap();
    let has = |name: &str, value: &str| url.query_pairs().any(|(n, v)| (&*n, &*v) == (name, value));
    assert!(url.as_str().starts_with("https://id.test/authorize?"));
    assert!(has("client_id", "registered") && has("scope", "tools"), "{url}");
    assert!(has("resource", "https://mcp.test/mcp"), "{url}");
    let requests = requests.lock().unwrap();
    let registrations = requests.iter().filter(|(url, _)| url == "https://id.test/register");
    assert_eq!(registrations.count(), 1, "the second sign-in uses the client of the first");
    let body = |url: &str| requests.iter().find(|(it, _)| it == url).unwrap().1.clone();
    let registration: Value = serde_json::from_str(&body("https://id.test/register")).unwrap();
    assert_eq!(
        registration,
        json!({
            "client_name": "My App", "redirect_uris": ["http://127.0.0.1/callback"],
            "token_endpoint_auth_method": "none", "response_types": ["code"],
            "grant_types": ["authorization_code", "refresh_token"], "application_type": "native",
        })
    );
    let exchange = body("https://id.test/token");
    assert!(exchange.ends_with("&resource=https%3A%2F%2Fmcp.test%2Fmcp"), "{exchange}");
    assert!(exchange.contains("client_id=registered"), "{exchange}");
}

#[tokio::test]
async fn two_first_sign_ins_at_once_register_one_client() {
    let requests = Requests::default();
    let http = HttpClient::with_transport(Options::new("a-test/1.0"), Servers(requests.clone()));
    let folder = tempfile::tempdir().unwrap();
    let clients = SharedFile::new(folder.path().join("clients.json"));
    let sign_in = || {
        example::sign_in(http.clone(), "https://mcp.test/mcp", clients.clone(), |url| {
            agree(url);
            Ok(())
        })
    };
    let (one, other) = tokio::join!(sign_in(), sign_in());
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let requests = requests.lock().unwrap();
    let registrations = requests.iter().filter(|(url, _)| url == "https://id.test/register");
    assert_eq!(registrations.count(), 1);
}
