//! The head of a request as the server sees it: the bytes go through the whole of a connection, with
//! hyper's parser and every timeout, but without a socket. Whatever they are, the answer is one of a
//! few constants, so no byte of a request can be in it; and only what a second reader takes for the
//! callback, line by line, ends the wait.

#![no_main]

mod client;

use std::sync::LazyLock;

use client::{Client, Patience};
use libfuzzer_sys::fuzz_target;
use oauth_callback_server::fuzzing::{
    CALLBACK_PATH, Outcome, PORT, RESPONSE, callback_query, connection,
};
use tokio::runtime::{Builder, Runtime};

/// Its clock jumps to the next deadline when nothing else is left to do.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
});

fuzz_target!(|request: &[u8]| {
    let (answer, outcome) = exchange(request, request.len(), Patience::Waits);
    if request.first() == Some(&HANDSHAKE) {
        assert_eq!((answer.as_slice(), outcome), (&ALERT[..], None));
        return;
    }
    check_answer(request, &answer);
    check_presence(request, &answer);
    check_outcome(request, outcome.as_ref(), &answer);

    // However the network cuts the request, it is the same request.
    let sum: usize = request.iter().map(|byte| usize::from(*byte)).sum();
    let step = 1 + sum % request.len().max(1);
    let patience = if sum.is_multiple_of(4) { Patience::Leaves } else { Patience::Waits };
    let (again, same) = exchange(request, step, patience);
    check_answer(request, &again);
    if has_end(request) && patience == Patience::Waits {
        assert_eq!(outcome, same, "cut after {step}");
        check_same(&answer, &again);
    }
});

/// How TLS begins, and how somebody is told that there is none here.
const HANDSHAKE: u8 = 22;
const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

fn exchange(request: &[u8], step: usize, patience: Patience) -> (Vec<u8>, Option<Outcome>) {
    let mut answer = Vec::new();
    let client = Client::new(request, step, patience, &mut answer);
    let outcome = RUNTIME.block_on(connection(client));
    (answer, outcome)
}

/// Nothing, or one of the answers that there are, to the byte.
fn check_answer(request: &[u8], answer: &[u8]) {
    let shown = answer.escape_ascii();
    if answer.is_empty() || ANSWERS.iter().any(|it| it == answer) {
        return;
    }
    // Only to HEAD is a page announced that does not follow.
    let whole = ANSWERS.iter().find(|it| it.starts_with(answer));
    let is_head = trimmed(request).starts_with(b"HEAD ");
    assert!(is_head && answer.ends_with(b"\r\n\r\n") && whole.is_some(), "{shown}");
}

/// Of two faults in one head, it depends on the cut which is found first.
fn check_same(answer: &[u8], again: &[u8]) {
    let broken =
        |it: &[u8]| FAULTS.contains(&status(it)) && it.ends_with(page("Bad request").as_bytes());
    let shown = (answer.escape_ascii(), again.escape_ascii());
    assert!(answer == again || (broken(answer) && broken(again)), "{} and {}", shown.0, shown.1);
}

/// What a head is told that cannot be read: malformed, or too large in one of two ways.
const FAULTS: [&[u8]; 3] = [b"400", b"414", b"431"];

fn status(answer: &[u8]) -> &[u8] {
    answer.get("HTTP/1.1 ".len()..).and_then(|it| it.get(..3)).unwrap_or_default()
}

/// What the server reads at once. Of a head that does not fit, hyper looks at the rest when it has
/// the end.
const ONE_READ: usize = 8192;

/// Who sent a request, or what can become none, is answered; who did not is not.
fn check_presence(request: &[u8], answer: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let unfinished = matches!(
        httparse::Request::new(&mut headers).parse(request),
        Ok(httparse::Status::Partial)
    );
    if !unfinished {
        let is_looked_at = has_end(request) || request.len() <= ONE_READ;
        assert!(!answer.is_empty() || !is_looked_at, "no answer");
    } else if !answer.is_empty() {
        assert!(FAULTS.contains(&status(answer)), "{}", answer.escape_ascii());
    }
}

fn check_outcome(request: &[u8], outcome: Option<&Outcome>, answer: &[u8]) {
    let is_the_answer = answer.ends_with(RESPONSE.as_bytes());
    assert_eq!(outcome.is_some(), is_the_answer, "the program and the browser disagree");
    if outcome.is_some() {
        let query = query_of_callback(request).expect("this is not the callback");
        assert_eq!(outcome, Some(&callback_query(query)));
    }
}

/// The query, if this is the navigation of a browser to the callback.
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

/// Whether there is an empty line, well-formed or not, behind which a parser need not look.
fn has_end(request: &[u8]) -> bool {
    let trimmed = trimmed(request);
    let found = |end: &[u8]| trimmed.windows(end.len()).any(|it| it == end);
    found(b"\n\r\n") || found(b"\n\n")
}

fn trimmed(request: &[u8]) -> &[u8] {
    let start = request.iter().position(|byte| !b"\r\n".contains(byte));
    &request[start.unwrap_or(request.len())..]
}

/// Every answer of a server that does not redirect, with every header that it has.
static ANSWERS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
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
    let both = |(status, body): (&str, String)| {
        ["1.0", "1.1"].map(|version| answer(version, status, &body).into_bytes())
    };
    all.flat_map(both).collect()
});

fn page(words: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <title>{words}</title>\n<p>{words}</p>\n"
    )
}

fn answer(version: &str, status: &str, body: &str) -> String {
    let length = body.len();
    let allow = if status.starts_with("405") { "allow: GET\r\n" } else { "" };
    format!(
        "HTTP/{version} {status}\r\n\
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
