mod dates;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use sandbox::{Account, Body, Endpoint, Fault, On, Reply, Sandbox, Scenario, Then};
use serde_json::json;

use crate::client::{Response, code, exchange_code, get, refresh, sandbox, send};

const SOON: Duration = Duration::from_secs(30);
const JWKS: &str = "/.well-known/jwks.json";
const REQUEST: &str =
    "GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn with_fault(fault: Fault) -> Sandbox {
    sandbox(Scenario { faults: vec![fault], ..Scenario::default() })
}

fn jwks(sandbox: &Sandbox) -> std::io::Result<Response> {
    send(sandbox.issuer_url(), &format!("GET {JWKS} HTTP/1.1"), "")
}

#[track_caller]
fn statuses_of_four(on: On, expected: [u16; 4]) {
    let teapot = Then::json(418, json!({}));
    let sandbox = with_fault(Fault::new(Endpoint::Jwks, teapot).on(on));
    let statuses = [(); 4].map(|()| jwks(&sandbox).unwrap().status);
    assert_eq!(statuses, expected);
}

#[test]
fn fault_applies_only_to_the_selected_requests() {
    statuses_of_four(On::Every, [418, 418, 418, 418]);
    statuses_of_four(On::Nth(vec![2, 4]), [200, 418, 200, 418]);
    statuses_of_four(On::First(1), [418, 200, 200, 200]);
}

#[test]
fn fault_sets_status_headers_and_body() {
    let reply = Reply {
        status: 503,
        headers: vec![("retry-after".to_owned(), "7".to_owned())],
        body: Body::Bytes(b"\xff\xfe".to_vec()),
    };
    let sandbox = with_fault(Fault::new(Endpoint::Any, Then::Respond(reply)));
    let response = jwks(&sandbox).unwrap();
    assert_eq!(response.status, 503);
    assert!(response.headers.contains("retry-after: 7"));
    assert_eq!(response.body, "\u{fffd}\u{fffd}");

    let page = Then::text(403, "text/html", "<h1>no</h1>");
    let path = Endpoint::Path(JWKS.to_owned());
    let response = jwks(&with_fault(Fault::new(path, page))).unwrap();
    assert!(response.headers.contains("content-type: text/html"));

    let redirect = Then::Redirect { status: 307, location: "http://evil.test/".to_owned() };
    let response = jwks(&with_fault(Fault::new(Endpoint::Jwks, redirect))).unwrap();
    assert_eq!(response.status, 307);
    assert!(response.headers.contains("location: http://evil.test/"));
}

#[test]
fn response_can_be_patched() {
    let merge = Then::Merge(json!({"refresh_token": null, "token_type": "mac"}));
    let sandbox = with_fault(Fault::new(Endpoint::TokenCode, merge));
    let response = exchange_code(&sandbox, &code(&sandbox, Account::OWNER)).json();
    assert_eq!(response.get("refresh_token"), None);
    assert_eq!(response["token_type"], "mac");
    assert!(response["id_token"].is_string());

    let replace = Then::Replace { pointer: "/refresh_token".to_owned(), value: json!(null) };
    let sandbox = with_fault(Fault::new(Endpoint::Token, replace));
    let response = exchange_code(&sandbox, &code(&sandbox, Account::OWNER)).json();
    assert_eq!(response.get("refresh_token"), Some(&json!(null)));
}

#[test]
fn error_response_keeps_the_refresh_token_and_lost_response_spends_it() {
    let first = |then| vec![Fault::new(Endpoint::TokenRefresh, then).on(On::First(1))];
    let faults = first(Then::json(500, json!({})));
    let refused = sandbox(Scenario { faults, ..Scenario::default() });
    let token = refused.mint(Account::OWNER).unwrap().refresh_token.unwrap();
    assert_eq!(refresh(&refused, &token).status, 500);
    assert_eq!(refresh(&refused, &token).status, 200);

    let faults = first(Then::Lose);
    let losing = sandbox(Scenario { faults, ..Scenario::default() });
    let token = losing.mint(Account::OWNER).unwrap().refresh_token.unwrap();
    let body = json!({
        "client_id": sandbox::Client::SIGN_IN,
        "grant_type": "refresh_token",
        "refresh_token": token,
    });
    let head = "POST /oauth/token HTTP/1.1\r\nContent-Type: application/json";
    assert!(send(losing.issuer_url(), head, &body.to_string()).is_err());
    assert_eq!(refresh(&losing, &token).error(), "refresh_token_reused");
}

/// A request on its own socket.
fn asked(sandbox: &Sandbox) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.issuer_address()).unwrap();
    stream.write_all(REQUEST.as_bytes()).unwrap();
    stream
}

/// Sends a request on its own socket, and returns the response bytes and the final error.
fn raw(sandbox: &Sandbox) -> (String, Option<ErrorKind>) {
    let mut stream = asked(sandbox);
    let mut got = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return (String::from_utf8(got).unwrap(), None),
            Ok(count) => got.extend_from_slice(&chunk[..count]),
            Err(error) => return (String::from_utf8(got).unwrap(), Some(error.kind())),
        }
    }
}

#[test]
fn connection_can_be_closed_reset_or_cut_off() {
    let (got, end) = raw(&with_fault(Fault::new(Endpoint::Jwks, Then::Close)));
    assert_eq!((got.as_str(), end), ("", None));

    let (got, end) = raw(&with_fault(Fault::new(Endpoint::Jwks, Then::Reset)));
    assert_eq!((got.as_str(), end), ("", Some(ErrorKind::ConnectionReset)));

    let (got, _) = raw(&with_fault(Fault::new(Endpoint::Jwks, Then::CutOff { after: 9 })));
    let (head, body) = got.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "{\"keys\":[");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    assert!(length.unwrap().parse::<usize>().unwrap() > 9);
}

#[test]
fn endless_body_is_chunked() {
    let sandbox = with_fault(Fault::new(Endpoint::Jwks, Then::Endless));
    let mut stream = asked(&sandbox);
    let mut much = vec![0; 4 * 1024 * 1024];
    stream.read_exact(&mut much).unwrap();
    let head = String::from_utf8_lossy(&much[..300]);
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
}

#[test]
fn held_request_completes_after_release() {
    let sandbox = with_fault(Fault::new(Endpoint::Jwks, Then::Hold));
    thread::scope(|scope| {
        let response = scope.spawn(|| jwks(&sandbox).unwrap().status);
        sandbox.wait_for_requests_blocking(&Endpoint::Jwks, 1, SOON).unwrap();
        assert!(!response.is_finished());
        sandbox.release();
        assert_eq!(response.join().unwrap(), 200);
    });
}

#[test]
fn dropping_the_sandbox_closes_hanging_connections() {
    for then in [Then::Hang, Then::Stall { after: 3 }] {
        let sandbox = with_fault(Fault::new(Endpoint::Jwks, then));
        let mut stream = asked(&sandbox);
        sandbox.wait_for_requests_blocking(&Endpoint::Jwks, 1, SOON).unwrap();
        drop(sandbox);
        // The stream ends or is reset: both end the read.
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

/// The clock is paused only after the request has arrived: a paused clock advances when all tasks
/// are idle, and would time out before the sockets are ready.
#[tokio::test]
async fn fault_delays_the_response() {
    let delay = Duration::from_secs(3600);
    let fault = Fault::new(Endpoint::Authorize, Then::Normal).after(delay);
    let scenario = Scenario { faults: vec![fault], ..Scenario::default() };
    let sandbox = Sandbox::start(scenario).await.unwrap();
    let mut person = sandbox.person(Account::OWNER);
    person.timeout = delay * 2;
    let url = format!("{}/oauth/authorize", sandbox.issuer_url());
    let visit = tokio::spawn(async move { person.visit(&url).await });
    sandbox.wait_for_requests(&Endpoint::Authorize, 1, SOON).await.unwrap();
    assert!(!visit.is_finished());
    tokio::time::pause();
    tokio::time::advance(delay).await;
    tokio::time::resume();
    let trail = visit.await.unwrap().unwrap();
    assert_eq!(trail.last().unwrap().status, 400);
}

#[test]
fn timeout_error_lists_received_requests_without_secrets() {
    let sandbox = sandbox(Scenario::default());
    get(sandbox.issuer_url(), "/?state=secret", &[]);
    let error =
        sandbox.wait_for_requests_blocking(&Endpoint::Token, 1, Duration::ZERO).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("1 requests to Token") && text.contains("GET /"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}
