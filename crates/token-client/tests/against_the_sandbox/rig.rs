//! A sandbox, a client of it, and a user with an authorization code.

use std::io::Write as _;

use credentials::AuthorizationCode;
use http_client::{CaCertificates, HttpClient, Options, Url};
use pkce::CodeVerifier;
use sandbox::{
    Account, Client, Conduct, Endpoint, Fault, Issued, Recorded, Sandbox, Scenario, Then, Tls,
};
use token_client::{BodyFormat, CodeExchange, Error, Provider, TokenClient, TokenResponse};

pub(crate) const REDIRECT_URI: &str = "http://localhost:1455/auth/callback";

/// The verifier of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: TokenClient,
    pub(crate) code_verifier: CodeVerifier,
}

impl Rig {
    pub(crate) async fn new(scenario: Scenario) -> Self {
        let sandbox = Sandbox::start(scenario).await.unwrap();
        let http = client_of(&sandbox, "a-test/1.0");
        let client = TokenClient::new(http, provider(sandbox.issuer_url()), Client::SIGN_IN);
        Self { sandbox, client, code_verifier: CodeVerifier::new(VERIFIER).unwrap() }
    }

    pub(crate) async fn with(at: Endpoint, then: Then) -> Self {
        let faults = vec![Fault::new(at, then)];
        Self::new(Scenario { faults, ..Scenario::default() }).await
    }

    /// Over TLS, which breaks once the request at `at` was read and acted on.
    pub(crate) async fn garbling(tls: Tls, at: Endpoint) -> Self {
        let faults = vec![Fault::new(at, Then::Garble)];
        Self::new(Scenario { tls, faults, ..Scenario::default() }).await
    }

    /// Signs the owner in, as far as the redirect to the callback, and takes the code out of it.
    pub(crate) async fn code(&self) -> AuthorizationCode {
        let mut url = self.client.provider().authorization_endpoint.clone();
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", self.client.client_id()),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid profile email offline_access"),
            ("code_challenge", self.code_verifier.challenge().as_str()),
            ("code_challenge_method", "S256"),
            ("id_token_add_organizations", "true"),
            ("state", "a-state"),
        ]);
        let person = self.sandbox.person(Account::OWNER).with_conduct(Conduct::StopsBeforeCallback);
        let trail = person.visit(url.as_str()).await.unwrap();
        code_in(&trail.last().unwrap().location().unwrap())
    }

    pub(crate) fn exchange<'a>(&'a self, code: &'a AuthorizationCode) -> CodeExchange<'a> {
        CodeExchange::new(code, REDIRECT_URI, &self.code_verifier)
    }

    /// A whole sign-in, from the browser to the tokens.
    pub(crate) async fn sign_in(&self) -> Result<TokenResponse, Error> {
        self.client.exchange_code(&self.exchange(&self.code().await)).await
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
fn client_of(sandbox: &Sandbox, user_agent: &'static str) -> HttpClient {
    let ca_file = sandbox.ca_pem().map(|pem| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(pem.as_bytes()).unwrap();
        file
    });
    let extra_ca_certificates =
        ca_file.as_ref().map(|file| CaCertificates::file("a test", file.path()));
    let http = HttpClient::new(Options { extra_ca_certificates, ..Options::new(user_agent) });
    // The file is gone in a moment.
    http.check().unwrap();
    http
}

fn code_in(callback: &Url) -> AuthorizationCode {
    let (_, code) = callback.query_pairs().find(|(name, _)| name == "code").unwrap();
    AuthorizationCode::new(code).unwrap()
}

/// Known secrets, so that whole requests can be written down.
pub(crate) fn known() -> Scenario {
    let fixed = Issued {
        codes: vec!["the/code+&=".into()],
        id_tokens: vec!["an.id.token".into()],
        access_tokens: vec!["an.access.token".into()],
        refresh_tokens: vec!["a-refresh-token".into()],
        api_keys: vec!["sk-a-key".into()],
        ..Issued::default()
    };
    Scenario { fixed, ..Scenario::default() }
}

/// A server in the shape of the sandbox.
pub(crate) fn provider(issuer: &str) -> Provider {
    let endpoint = |path: &str| format!("{issuer}{path}").parse().unwrap();
    let issuer = issuer.parse().unwrap();
    let mut provider =
        Provider::new(issuer, endpoint("/oauth/authorize"), endpoint("/oauth/token"));
    provider.revocation_endpoint = Some(endpoint("/oauth/revoke"));
    let device = endpoint("/api/accounts/deviceauth/usercode");
    provider.device_authorization_endpoint = Some(device);
    (provider.refresh_body, provider.revocation_body) = (BodyFormat::Json, BodyFormat::Json);
    provider
}
