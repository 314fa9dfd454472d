//! A sandbox and a client of it.

use std::io::Write as _;

use http_client::{CaCertificates, HttpClient, Options};
use login::openai;
use sandbox::{Client, Endpoint, Fault, Recorded, Sandbox, Scenario, Then};
use token_client::TokenClient;

pub(crate) struct TestIssuer {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: TokenClient,
}

impl TestIssuer {
    pub(crate) async fn new(scenario: Scenario) -> Self {
        let sandbox = Sandbox::start(scenario).await.unwrap();
        let provider = openai::provider(sandbox.issuer_url().parse().unwrap());
        let http = http_client(&sandbox);
        Self { sandbox, client: TokenClient::new(http, provider, Client::SIGN_IN) }
    }

    pub(crate) async fn with(at: Endpoint, then: Then) -> Self {
        let faults = vec![Fault::new(at, then)];
        Self::new(Scenario { faults, ..Scenario::default() }).await
    }

    /// The one request that arrived there.
    #[track_caller]
    pub(crate) fn only_request_at(&self, at: &Endpoint) -> Recorded {
        let mut requests = self.sandbox.requests_at(at);
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }
}

/// A client that trusts the sandbox.
fn http_client(sandbox: &Sandbox) -> HttpClient {
    let ca_file = sandbox.ca_pem().map(|pem| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(pem.as_bytes()).unwrap();
        file
    });
    let ca = ca_file.as_ref().map(|file| CaCertificates::file("a test", file.path()));
    let options = Options { extra_ca_certificates: ca, ..Options::new("a-test/1.0") };
    let http = HttpClient::new(options);
    // The file is gone in a moment.
    http.check().unwrap();
    http
}

/// The request as text: method, path, content type, and body.
#[track_caller]
pub(crate) fn assert_request(request: &Recorded, expected: &str) {
    let content_type = request.header("content-type").unwrap();
    let body = String::from_utf8(request.body.clone()).unwrap();
    let Recorded { method, path, query, .. } = request;
    assert_eq!(*query, None, "a query is no place for a secret");
    assert_eq!(format!("{method} {path}\n{content_type}\n{body}"), expected);
}
