//! The head of a request: the bytes go through a complete connection, with hyper's parser and every
//! timeout, but without a socket. The response is one of a few constants, so it contains no byte of
//! the request. Only a request that a second parser classifies as the callback ends the wait.

#![no_main]

mod client;

use std::sync::LazyLock;

use client::{AfterRequest, Client};
use libfuzzer_sys::fuzz_target;
use oauth_callback_server::fuzzing::{
    CALLBACK_PATH, Outcome, PORT, RESPONSE, callback_query, connection,
};
use tokio::runtime::{Builder, Runtime};

/// Its clock advances to the next deadline as soon as all tasks are idle.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
});

fuzz_target!(|request: &[u8]| {
    let (response, outcome) = exchange(request, request.len(), AfterRequest::Wait);
    if request.first() == Some(&HANDSHAKE) {
        assert_eq!((response.as_slice(), outcome), (&ALERT[..], None));
        return;
    }
    check_response(request, &response);
    check_presence(request, &response);
    check_outcome(request, outcome.as_ref(), &response);

    // The same request in several parts.
    let sum: usize = request.iter().map(|byte| usize::from(*byte)).sum();
    let step = 1 + sum % request.len().max(1);
    let after = if sum.is_multiple_of(4) { AfterRequest::Close } else { AfterRequest::Wait };
    let (again, same) = exchange(request, step, after);
    check_response(request, &again);
    if has_end(request) && after == AfterRequest::Wait {
        assert_eq!(outcome, same, "split after {step}");
        check_same(&response, &again);
    }
});

/// The first byte of a TLS handshake, and the alert in response.
const HANDSHAKE: u8 = 22;
const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

fn exchange(request: &[u8], step: usize, after: AfterRequest) -> (Vec<u8>, Option<Outcome>) {
    let mut response = Vec::new();
    let client = Client::new(request, step, after, &mut response);
    let outcome = RUNTIME.block_on(connection(client));
    (response, outcome)
}

/// Nothing, or exactly one of the responses.
fn check_response(request: &[u8], response: &[u8]) {
    if response.is_empty() || RESPONSES.iter().any(|it| it == response) {
        return;
    }
    // A response to HEAD has no body.
    let complete = RESPONSES.iter().find(|it| it.starts_with(response));
    let is_head = trimmed(request).starts_with(b"HEAD ");
    let shown = response.escape_ascii();
    assert!(is_head && response.ends_with(b"\r\n\r\n") && complete.is_some(), "{shown}");
}

/// If a head has two errors, the split decides which one is found first.
fn check_same(response: &[u8], again: &[u8]) {
    let is_error =
        |it: &[u8]| ERRORS.contains(&status(it)) && it.ends_with(page("Bad request").as_bytes());
    let shown = (response.escape_ascii(), again.escape_ascii());
    let are_errors = is_error(response) && is_error(again);
    assert!(response == again || are_errors, "{} and {}", shown.0, shown.1);
}

/// The statuses for an invalid head: malformed, or too large in one of two ways.
const ERRORS: [&[u8]; 3] = [b"400", b"414", b"431"];

fn status(response: &[u8]) -> &[u8] {
    response.get("HTTP/1.1 ".len()..).and_then(|it| it.get(..3)).unwrap_or_default()
}

/// The maximum size of a head.
const MAX_HEAD: usize = 24 * 1024;

/// A complete head gets a response. An incomplete one gets none, or an error.
fn check_presence(request: &[u8], response: &[u8]) {
    if has_end(request) || request.len() >= MAX_HEAD {
        assert!(!response.is_empty(), "no response");
    } else if !response.is_empty() {
        assert!(ERRORS.contains(&status(response)), "{}", response.escape_ascii());
    }
}

fn check_outcome(request: &[u8], outcome: Option<&Outcome>, response: &[u8]) {
    let is_success = response.ends_with(RESPONSE.as_bytes());
    assert_eq!(outcome.is_some(), is_success, "the program and the browser disagree");
    if outcome.is_some() {
        let query = query_of_callback(request).expect("this is not the callback");
        assert_eq!(outcome, Some(&callback_query(query)));
    }
}

/// The query, if this is a navigation to the callback.
fn query_of_callback(request: &[u8]) -> Option<&str> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(request).ok()? else {
        return None;
    };
    let line_ends = request[..length].iter().filter(|byte| **byte == b'\n').count();
    let whole_line_ends = request[..length].windows(2).filter(|two| two == b"\r\n").count();
    let values = |name: &str| -> Vec<String> {
        let named = head.headers.iter().filter(|it| it.name.eq_ignore_ascii_case(name));
        named.map(|it| it.value.escape_ascii().to_string()).collect()
    };
    let ours = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{PORT}"));
    let is_ours = |host: &String| ours.contains(&host.to_ascii_lowercase());
    let is_callback = head.method == Some("GET")
        && line_ends == whole_line_ends
        && values("host").len() == 1
        && values("host").iter().all(is_ours)
        && values("origin").is_empty()
        && values("sec-purpose").is_empty()
        && values("sec-fetch-dest").iter().all(|it| it == "document")
        && values("sec-fetch-mode").iter().all(|it| it == "navigate");
    let target = head.path.filter(|_| is_callback)?;
    let (path, query) = target.split('#').next()?.split_once('?')?;
    (path == CALLBACK_PATH).then_some(query)
}

/// Whether there is an empty line, well-formed or not, at the end of the head.
fn has_end(request: &[u8]) -> bool {
    let trimmed = trimmed(request);
    let found = |end: &[u8]| trimmed.windows(end.len()).any(|it| it == end);
    found(b"\n\r\n") || found(b"\n\n")
}

fn trimmed(request: &[u8]) -> &[u8] {
    let start = request.iter().position(|byte| !b"\r\n".contains(byte));
    &request[start.unwrap_or(request.len())..]
}

/// Each response of a server that does not redirect, with all headers.
static RESPONSES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let refusals = [
        ("400 Bad Request", "Bad request"),
        ("400 Bad Request", "State parameter mismatch"),
        ("403 Forbidden", "Forbidden"),
        ("404 Not Found", "Not found"),
        ("405 Method Not Allowed", "Bad request"),
        ("414 URI Too Long", "Bad request"),
        ("431 Request Header Fields Too Large", "Bad request"),
        ("501 Not Implemented", "Bad request"),
    ];
    let refusals = refusals.map(|(status, words)| (status, page(words)));
    let all = refusals.into_iter().chain([("200 OK", RESPONSE.to_owned())]);
    all.map(|(status, body)| response(status, &body).into_bytes()).collect()
});

fn page(words: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <title>{words}</title>\n<p>{words}</p>\n"
    )
}

fn response(status: &str, body: &str) -> String {
    let length = body.len();
    let allow = if status.starts_with("405") { "allow: GET\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status}\r\n\
         content-type: text/html; charset=utf-8\r\n\
         x-content-type-options: nosniff\r\n\
         content-security-policy: default-src 'none'; style-src 'unsafe-inline'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n\
         referrer-policy: no-referrer\r\n\
         cache-control: no-store\r\n\
         connection: close\r\n\
         content-length: {length}\r\n\
         {allow}\r\n{body}"
    )
}
