//! A client of a few lines, which shares nothing with the crates that the sandbox judges.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use sandbox::{Client, Conduct, Person, Sandbox, Scenario};
use serde_json::{Value, json};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use url::Url;
use url::form_urlencoded::Serializer;

/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const REDIRECT: &str = "http://localhost:1455/auth/callback";
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The error code, in either shape.
    pub(crate) fn error(&self) -> String {
        let body = self.json();
        let code = body["error"].as_str().or(body["error"]["code"].as_str());
        code.unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn text(&self, pointer: &str) -> String {
        let body = self.json();
        let value = body.pointer(pointer).and_then(Value::as_str);
        value
            .unwrap_or_else(|| panic!("no {pointer} in an response with {}", self.status))
            .to_owned()
    }
}

pub(crate) fn sandbox(scenario: Scenario) -> Sandbox {
    Sandbox::start_in_thread(scenario).unwrap()
}

/// Sends one HTTP/1.1 request and reads to the end of the connection.
pub(crate) fn send(base: &str, head: &str, body: &str) -> std::io::Result<Response> {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    write!(
        stream,
        "{head}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw)?;
    let text = String::from_utf8_lossy(&raw).into_owned();
    let Some((headers, body)) = text.split_once("\r\n\r\n") else {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    };
    Ok(Response {
        status: headers[9..12].parse().unwrap(),
        headers: headers.to_owned(),
        body: body.to_owned(),
    })
}

/// A TLS connection that asks for this name, trusts the sandbox, and offers no HTTP/2.
pub(crate) fn secure(
    sandbox: &Sandbox,
    name: &'static str,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    let trusted = CertificateDer::from_pem_slice(sandbox.ca_pem().unwrap().as_bytes());
    roots.add(trusted.unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from(name).unwrap());
    let stream = TcpStream::connect(sandbox.issuer_address())?;
    let mut stream = StreamOwned::new(client.unwrap(), stream);
    stream.conn.complete_io(&mut stream.sock)?;
    Ok(stream)
}

pub(crate) fn get(base: &str, target: &str, headers: &[(&str, &str)]) -> Response {
    send(base, &head("GET", target, headers), "").unwrap()
}

pub(crate) fn post_form(base: &str, path: &str, form: &[(&str, &str)]) -> Response {
    let form = Serializer::new(String::new()).extend_pairs(form).finish();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    send(base, &head("POST", path, &headers), &form).unwrap()
}

pub(crate) fn post_json(
    base: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Response {
    let mut headers = headers.to_vec();
    headers.push(("Content-Type", "application/json"));
    send(base, &head("POST", path, &headers), &body.to_string()).unwrap()
}

fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let mut head = format!("{method} {target} HTTP/1.1");
    for (name, value) in headers {
        head.push_str(&format!("\r\n{name}: {value}"));
    }
    head
}

/// The parameters of flow A's authorization request.
pub(crate) fn sign_in_parameters() -> Vec<(&'static str, &'static str)> {
    vec![
        ("response_type", "code"),
        ("client_id", Client::SIGN_IN),
        ("redirect_uri", REDIRECT),
        ("scope", "openid profile email offline_access"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("id_token_add_organizations", "true"),
        ("state", "state-of-the-test"),
    ]
}

/// The parameters of flow B's.
pub(crate) fn create_key_parameters() -> Vec<(&'static str, &'static str)> {
    vec![
        ("audience", "https://api.openai.com/v1"),
        ("client_id", Client::CREATE_KEY),
        ("code_challenge_method", "S256"),
        ("code_challenge", CHALLENGE),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "openid email profile offline_access"),
        ("state", "state-of-the-test"),
    ]
}

pub(crate) fn authorize_url(sandbox: &Sandbox, params: &[(&str, &str)]) -> String {
    let base = format!("{}/oauth/authorize", sandbox.issuer_url());
    Url::parse_with_params(&base, params).unwrap().into()
}

/// The URL of the callback that choosing this account leads to.
pub(crate) fn callback(sandbox: &Sandbox, account: &str, params: &[(&str, &str)]) -> Url {
    let person = sandbox.person(account).with_conduct(Conduct::StopsBeforeCallback);
    callback_of(&person, sandbox, params)
}

pub(crate) fn callback_of(person: &Person, sandbox: &Sandbox, params: &[(&str, &str)]) -> Url {
    let trail = person.visit_blocking(&authorize_url(sandbox, params)).unwrap();
    trail.last().unwrap().location().unwrap()
}

pub(crate) fn param(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs.find(|(candidate, _)| candidate == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn code(sandbox: &Sandbox, account: &str) -> String {
    param(&callback(sandbox, account, &sign_in_parameters()), "code").unwrap()
}

pub(crate) fn exchange_code(sandbox: &Sandbox, code: &str) -> Response {
    exchange_code_with(sandbox, &[("code", code)])
}

/// Redeems a code with some parameters changed.
pub(crate) fn exchange_code_with(sandbox: &Sandbox, changed: &[(&str, &str)]) -> Response {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("client_id", Client::SIGN_IN),
        ("code_verifier", VERIFIER),
    ];
    form.retain(|(name, _)| changed.iter().all(|(other, _)| other != name));
    form.extend(changed);
    post_form(sandbox.issuer_url(), "/oauth/token", &form)
}

pub(crate) fn refresh(sandbox: &Sandbox, refresh_token: &str) -> Response {
    let body = json!({
        "client_id": Client::SIGN_IN,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    });
    post_json(sandbox.issuer_url(), "/oauth/token", &[], &body)
}

pub(crate) fn exchange(sandbox: &Sandbox, id_token: &str) -> Response {
    let form = [
        ("grant_type", TOKEN_EXCHANGE),
        ("client_id", Client::SIGN_IN),
        ("requested_token", "openai-api-key"),
        ("subject_token", id_token),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ("name", "Codex CLI [auto-generated]"),
    ];
    post_form(sandbox.issuer_url(), "/oauth/token", &form)
}

/// A session key of the platform, from an access token.
pub(crate) fn log_in(sandbox: &Sandbox, email: &str) -> String {
    let tokens = sandbox.mint(email).unwrap();
    let bearer = bearer(&tokens.access_token);
    let headers = [("Authorization", bearer.as_str())];
    let path = "/dashboard/onboarding/login";
    let response = post_json(sandbox.api_url(), path, &headers, &json!({"app": "api"}));
    response.text("/user/session/sensitive_id")
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}
