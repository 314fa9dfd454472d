//! A small OAuth and OpenID server. It follows the standards, unless its [`Behavior`] differs, and shares
//! no code with what it tests.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use native_oauth::{HttpClient, Options, Provider, Url};
use serde_json::{Value, json};

use crate::behavior::Behavior;
use crate::http::{Message, read_message};
use crate::signing::{Keys, code_challenge};

type Query = Vec<(String, String)>;

pub(crate) struct TestProvider {
    address: std::net::SocketAddr,
    state: Arc<State>,
}

/// A request other than those of the browser.
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    /// The claims of the proof.
    pub(crate) dpop: Option<Value>,
    pub(crate) form: Query,
}

impl Request {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        value(&self.form, name)
    }
}

struct State {
    issuer: String,
    behavior: Mutex<Behavior>,
    keys: Keys,
    query: Mutex<Query>,
    /// The last request that was pushed.
    pushed: Mutex<Query>,
    requests: Mutex<Vec<Request>>,
    is_stopped: AtomicBool,
}

pub(crate) const ACCESS_TOKEN: &str = "at-1";
const CODE: &str = "c+o/d=e&";
pub(crate) const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:a request";
const DEVICE_CODE: &str = "device-code-1";

impl TestProvider {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Behavior)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            issuer: format!("http://{address}"),
            behavior: Mutex::default(),
            keys: Keys::generate(),
            query: Mutex::default(),
            pushed: Mutex::default(),
            requests: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        });
        let shared = state.clone();
        thread::spawn(move || {
            for connection in listener.incoming() {
                if shared.is_stopped.load(Ordering::SeqCst) {
                    break;
                }
                let shared = shared.clone();
                thread::spawn(move || serve(connection.unwrap(), &shared));
            }
        });
        let provider = Self { address, state };
        provider.change(change);
        provider
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Behavior)) {
        change(&mut self.state.behavior.lock().unwrap());
    }

    pub(crate) fn issuer(&self) -> String {
        self.state.issuer()
    }

    /// The host and the port.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// What a program discovers.
    pub(crate) async fn discover(&self) -> Provider {
        let http = HttpClient::new(Options::new("a-test/1.0"));
        Provider::discover(&http, &self.issuer()).await.unwrap()
    }

    /// The query of the last authorization request.
    pub(crate) fn authorization_query(&self) -> Query {
        self.state.query.lock().unwrap().clone()
    }

    /// The requests at this path.
    pub(crate) fn requests_at(&self, path: &str) -> Vec<Request> {
        let mut requests = self.state.requests.lock().unwrap();
        requests.extract_if(.., |it| it.path == path).collect()
    }

    /// The paths of all requests since the last call.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().drain(..).map(|it| it.path).collect()
    }

    /// How many codes were exchanged since the last call.
    pub(crate) fn exchanges(&self) -> usize {
        let tokens = self.requests_at("/connect/token");
        tokens.iter().filter(|it| it.field("code").is_some()).count()
    }

    /// Closes the port.
    pub(crate) async fn stop(self) {
        self.state.is_stopped.store(true, Ordering::SeqCst);
        // The listener closes after it has accepted one more connection.
        while TcpStream::connect(self.address).is_ok() {
            tokio::task::yield_now().await;
        }
    }
}

fn serve(mut connection: TcpStream, state: &State) {
    while let Ok(Some(request)) = read_message(&mut connection) {
        let response = state.respond(&request);
        if write!(connection, "HTTP/1.1 {response}").is_err() {
            break;
        }
    }
}

impl State {
    fn issuer(&self) -> String {
        format!("{}{}", self.issuer, self.behavior.lock().unwrap().issuer_suffix)
    }

    /// A patch, in which `https://id.example.com` stands for this server.
    fn named(&self, patch: &Value) -> Value {
        let patch = patch.to_string().replace("https://id.example.com", &self.issuer);
        serde_json::from_str(&patch).unwrap()
    }

    fn respond(&self, request: &Message) -> String {
        let mut words = request.first_line.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let url = Url::parse("http://provider.test").unwrap().join(target).unwrap();
        let form = Url::parse(&format!("http://form.test/?{}", request.body)).unwrap();
        let form = pairs(&form);
        let behavior = self.behavior.lock().unwrap().clone();
        let response = match (method, url.path()) {
            (_, path) if behavior.response.as_ref().is_some_and(|(it, _)| *it == path) => {
                behavior.response.unwrap_or_default().1
            }
            ("GET", "/connect/authorize") => self.authorize(&pairs(&url), &behavior.callback),
            ("GET", path) if path == behavior.metadata_path => json(200, &self.metadata()),
            ("GET", path) if path.starts_with("/connect/keys") => {
                json(200, &self.keys.published(&behavior))
            }
            ("POST", "/connect/token") if !has_nonce(request, &behavior) => {
                let nonce = behavior.dpop_nonce.unwrap_or_default();
                let error = json(400, &json!({"error": "use_dpop_nonce"}));
                error.replacen("\r\n", &format!("\r\nDPoP-Nonce: {nonce}\r\n"), 1)
            }
            ("POST", "/connect/token") => self.token(&form, &behavior),
            ("POST", "/connect/revoke") => json(200, &json!({})),
            ("POST", "/connect/par") => self.push(&form),
            ("POST", "/connect/device") => json(200, &device_authorization()),
            _ => "404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
        };
        if method != "HEAD" {
            let authorization = request.header("authorization").map(str::to_owned);
            let path = url.path().to_owned();
            let dpop = request.header("dpop").map(dpop_claims);
            let request = Request { path, authorization, dpop, form };
            self.requests.lock().unwrap().push(request);
        }
        response
    }

    fn metadata(&self) -> Value {
        let endpoint = |name: &str| format!("{}/connect/{name}", self.issuer);
        let mut metadata = json!({
            "issuer": self.issuer(),
            "authorization_endpoint": endpoint("authorize"),
            "token_endpoint": endpoint("token"),
            "revocation_endpoint": endpoint("revoke"),
            "device_authorization_endpoint": endpoint("device"),
            "jwks_uri": endpoint("keys"),
            "pushed_authorization_request_endpoint": endpoint("par"),
        });
        merge(&mut metadata, &self.named(&self.behavior.lock().unwrap().metadata));
        for name in self.behavior.lock().unwrap().metadata_nulls {
            metadata[name] = Value::Null;
        }
        metadata
    }

    fn push(&self, form: &Query) -> String {
        if value(form, "deny_push").is_some() {
            return json(400, &json!({"error": "invalid_request"}));
        }
        *self.pushed.lock().unwrap() = form.clone();
        let lifetime = self.behavior.lock().unwrap().pushed_lifetime.clone();
        json(201, &json!({"request_uri": REQUEST_URI, "expires_in": lifetime}))
    }

    fn authorize(&self, query: &Query, patch: &Value) -> String {
        let pushed = self.pushed.lock().unwrap().clone();
        let query = if value(query, "request_uri") == Some(REQUEST_URI) { &pushed } else { query };
        let value = |name: &str| value(query, name).unwrap_or_default();
        let mut callback: Url = value("redirect_uri").parse().unwrap();
        let outcome =
            if value("deny") == "1" { ("error", "access_denied") } else { ("code", CODE) };
        let parameters = [outcome, ("state", value("state")), ("session_state", "a session")];
        append(&mut callback, &parameters, &self.named(patch));
        *self.query.lock().unwrap() = query.clone();
        if value("response_mode") == "form_post" {
            // Not HTML: the browser of these tests posts the query to the URL.
            let page = callback.as_str();
            return format!("200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        }
        format!("302 Found\r\nLocation: {callback}\r\nContent-Length: 0\r\n\r\n")
    }

    fn token(&self, form: &Query, behavior: &Behavior) -> String {
        let query = self.query.lock().unwrap().clone();
        match value(form, "grant_type") {
            Some("authorization_code") => match &behavior.code_error {
                Some((status, error)) => json(*status, error),
                None if is_valid_exchange(form, &query) => {
                    json(200, &self.tokens(behavior, value(&query, "nonce")))
                }
                None => json(400, &json!({"error": "invalid_grant"})),
            },
            Some("refresh_token") => {
                let id_token = self.tokens(behavior, None)["id_token"].take();
                let mut tokens =
                    json!({"access_token": "at-2", "refresh_token": "rt-2", "id_token": id_token});
                merge(&mut tokens, &behavior.tokens);
                json(200, &tokens)
            }
            Some("urn:ietf:params:oauth:grant-type:device_code")
                if value(form, "device_code") == Some(DEVICE_CODE) =>
            {
                let requests = self.requests.lock().unwrap();
                let is_first = !requests.iter().any(|it| it.field("device_code").is_some());
                match is_first {
                    true => {
                        json(behavior.device_status, &json!({"error": "authorization_pending"}))
                    }
                    false => json(200, &self.tokens(behavior, None)),
                }
            }
            _ => json(400, &json!({"error": "unsupported_grant_type"})),
        }
    }

    fn tokens(&self, behavior: &Behavior, nonce: Option<&str>) -> Value {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let mut claims = json!({
            "iss": self.issuer(), "sub": "ada", "aud": "my-client-id",
            "exp": now + 600, "iat": now, "nonce": nonce,
        });
        merge(&mut claims, &self.named(&behavior.claims));
        let mut id_token = self.keys.sign(behavior.signs_with, &behavior.header, &claims);
        if let Some(signature) = behavior.signature {
            id_token.truncate(id_token.rfind('.').unwrap() + 1);
            id_token += signature;
        }
        let mut tokens = json!({
            "access_token": ACCESS_TOKEN, "token_type": "bearer", "refresh_token": "rt-1",
            "id_token": id_token, "expires_in": 3600,
        });
        merge(&mut tokens, &behavior.tokens);
        tokens
    }
}

fn has_nonce(request: &Message, behavior: &Behavior) -> bool {
    let Some(nonce) = behavior.dpop_nonce else { return true };
    let claims = request.header("dpop").map(dpop_claims).unwrap_or_default();
    claims["nonce"] == nonce && !behavior.refuses_proofs
}

fn dpop_claims(proof: &str) -> Value {
    let claims = URL_SAFE_NO_PAD.decode(proof.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

fn device_authorization() -> Value {
    json!({
        "device_code": DEVICE_CODE, "user_code": "WDJB-MJHT", "interval": 1, "expires_in": 1800,
        "verification_uri": "https://id.example.com/device",
        "verification_uri_complete": "https://id.example.com/device?user_code=WDJB-MJHT",
    })
}

/// RFC 6749 §4.1.3 and RFC 7636 §4.6.
fn is_valid_exchange(form: &Query, asked: &Query) -> bool {
    let verifier = value(form, "code_verifier").unwrap_or_default();
    value(form, "code") == Some(CODE)
        && value(asked, "code_challenge") == Some(&code_challenge(verifier))
        && value(form, "redirect_uri") == value(asked, "redirect_uri")
}

/// Adds these parameters to the URL, and those of the patch in their place.
fn append(url: &mut Url, parameters: &[(&str, &str)], patch: &Value) {
    let mut all: serde_json::Map<_, _> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    all.extend(patch.as_object().unwrap().clone());
    for (name, value) in all {
        let values = if value.is_array() { value } else { json!([value]) };
        let texts = values.as_array().unwrap().iter().filter_map(Value::as_str);
        url.query_pairs_mut().extend_pairs(texts.map(|text| (&name, text)));
    }
}

/// A null removes a member.
fn merge(into: &mut Value, patch: &Value) {
    let into = into.as_object_mut().unwrap();
    into.extend(patch.as_object().unwrap().clone());
    into.retain(|_, value| !value.is_null());
}

fn json(status: u16, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "{status} -\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn pairs(url: &Url) -> Query {
    url.query_pairs().into_owned().collect()
}

pub(crate) fn value<'a>(pairs: &'a Query, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
}
