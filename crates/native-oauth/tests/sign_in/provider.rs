//! A small OAuth server. It follows the RFCs, and shares no code with what it tests.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use native_oauth::{Provider, Url};
use sha2::{Digest as _, Sha256};

use crate::http::{Message, read_message};

type Query = Vec<(String, String)>;

pub(crate) struct TestProvider {
    address: std::net::SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    query: Mutex<Query>,
    exchanges: AtomicUsize,
    device_polls: AtomicUsize,
    refuses_codes: AtomicBool,
    is_stopped: AtomicBool,
}

const ACCESS_TOKEN: &str = "at-1";
const CODE: &str = "c+o/d=e&";
const DEVICE_CODE: &str = "device-code-1";

impl TestProvider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, state) = (listener.local_addr().unwrap(), Arc::<State>::default());
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
        Self { address, state }
    }

    pub(crate) fn metadata(&self) -> Provider {
        let url = |path: &str| format!("http://{}{path}", self.address).parse().unwrap();
        let issuer = format!("http://{}", self.address).parse().unwrap();
        let mut provider = Provider::new(issuer, url("/connect/authorize"), url("/connect/token"));
        provider.device_authorization_endpoint = Some(url("/connect/device"));
        provider
    }

    pub(crate) fn access_token(&self) -> &'static str {
        ACCESS_TOKEN
    }

    /// The query of the last authorization request.
    pub(crate) fn authorization_query(&self) -> Query {
        self.state.query.lock().unwrap().clone()
    }

    /// How many codes were exchanged.
    pub(crate) fn exchanges(&self) -> usize {
        self.state.exchanges.load(Ordering::SeqCst)
    }

    pub(crate) fn refuse_codes(&self) {
        self.state.refuses_codes.store(true, Ordering::SeqCst);
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
        let response = respond(&request, state);
        if write!(connection, "HTTP/1.1 {response}").is_err() {
            break;
        }
    }
}

fn respond(request: &Message, state: &State) -> String {
    let mut words = request.first_line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let url = Url::parse("http://provider.test").unwrap().join(target).unwrap();
    let form = Url::parse(&format!("http://form.test/?{}", request.body)).unwrap();
    match (method, url.path()) {
        ("GET", "/connect/authorize") => authorize(&pairs(&url), state),
        ("POST", "/connect/token") => token(&pairs(&form), state),
        ("POST", "/connect/device") => json(
            200,
            &format!(
                r#"{{"device_code":"{DEVICE_CODE}","user_code":"WDJB-MJHT","interval":1,
                "verification_uri":"https://id.example.com/device","expires_in":600,
                "verification_uri_complete":"https://id.example.com/device?user_code=WDJB-MJHT"}}"#
            ),
        ),
        _ => "404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
    }
}

fn authorize(query: &Query, state: &State) -> String {
    let value = |name: &str| value(query, name).unwrap_or_default();
    let mut callback: Url = value("redirect_uri").parse().unwrap();
    let outcome = if value("deny") == "1" { ("error", "access_denied") } else { ("code", CODE) };
    callback
        .query_pairs_mut()
        .append_pair(outcome.0, outcome.1)
        .append_pair("state", value("state"));
    *state.query.lock().unwrap() = query.clone();
    format!("302 Found\r\nLocation: {callback}\r\nContent-Length: 0\r\n\r\n")
}

fn token(form: &Query, state: &State) -> String {
    match value(form, "grant_type") {
        Some("authorization_code") => {
            state.exchanges.fetch_add(1, Ordering::SeqCst);
            let is_valid = is_valid_exchange(form, &state.query.lock().unwrap());
            if !is_valid || state.refuses_codes.load(Ordering::SeqCst) {
                return json(400, r#"{"error":"invalid_grant"}"#);
            }
            tokens()
        }
        Some("urn:ietf:params:oauth:grant-type:device_code")
            if value(form, "device_code") == Some(DEVICE_CODE) =>
        {
            match state.device_polls.fetch_add(1, Ordering::SeqCst) {
                0 => json(400, r#"{"error":"authorization_pending"}"#),
                _ => tokens(),
            }
        }
        _ => json(400, r#"{"error":"unsupported_grant_type"}"#),
    }
}

/// RFC 6749 §4.1.3 and RFC 7636 §4.6.
fn is_valid_exchange(form: &Query, asked: &Query) -> bool {
    let verifier = value(form, "code_verifier").unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    value(form, "code") == Some(CODE)
        && value(asked, "code_challenge") == Some(&challenge)
        && value(form, "redirect_uri") == value(asked, "redirect_uri")
        && value(form, "client_id") == value(asked, "client_id")
}

fn tokens() -> String {
    let body =
        r#"{"access_token":"at-1","token_type":"bearer","id_token":"i","refresh_token":"r"}"#;
    json(200, body)
}

fn json(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "{status} -\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn pairs(url: &Url) -> Query {
    url.query_pairs().into_owned().collect()
}

fn value<'a>(pairs: &'a Query, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
}
