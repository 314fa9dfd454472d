//! F11: hostile requests of all kinds, each on a connection of its own, and then one sign-in.
//!
//! Most of them have the right `state` and a code, so that only their defect keeps them from ending the
//! sign-in.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use url::Position;

use super::Numbers;
use super::harness::{Harness, SignIn};
use crate::http::{Response, connect};
use crate::metrics::Metrics;
use crate::progress;
use crate::report::Report;

pub(super) fn run(
    program: &Path,
    numbers: &Numbers,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    progress("hostile requests");
    let harness = Harness::start(program, Vec::new())?;
    let mut sign_in = harness.start_sign_in()?;
    let requests = requests(&sign_in)?;
    let (kinds, count) = (requests.len(), numbers.hostile_requests);
    let outcomes = send_all(sign_in.address, &requests, count);
    let metrics = Metrics::read(sign_in.running.id()).unwrap_or_default();
    let completed = usize::from(sign_in.finish().is_ok());

    let refused = outcomes.iter().filter(|(outcome, _)| outcome.is_refusal());
    let refused = refused.map(|(_, count)| count).sum();
    report.count(&format!("hostile requests of {kinds} kinds, refused"), refused, count);
    for (outcome, count) in outcomes.iter().filter(|(outcome, _)| !outcome.is_refusal()) {
        report.note(&format!("  {outcome:?}"), count.to_string());
    }
    report.count("  sign-ins then", completed, 1);
    report.count("  token requests", harness.token_requests(), 1);
    report.bytes("  resident at the most", metrics.memory, 32_000_000);
    Ok(())
}

/// The result of a request, with its kind if it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Refused,
    /// The connection ended without a response.
    NoAnswer {
        kind: usize,
    },
    /// The response is no refusal.
    Answered {
        kind: usize,
        status: u16,
    },
}

impl Outcome {
    fn from_answer(kind: usize, answer: &Response) -> Self {
        const REFUSALS: [u16; 7] = [400, 403, 404, 405, 414, 431, 501];
        match answer.status() {
            Some(status) if REFUSALS.contains(&status) => Self::Refused,
            Some(status) => Self::Answered { kind, status },
            // TLS is refused by an alert.
            None if answer.is_tls_alert() => Self::Refused,
            None => Self::NoAnswer { kind },
        }
    }

    fn is_refusal(self) -> bool {
        self == Self::Refused
    }
}

type Outcomes = BTreeMap<Outcome, usize>;

/// Sends so many requests of all kinds, from some clients at a time.
fn send_all(address: SocketAddr, requests: &[Vec<u8>], count: usize) -> Outcomes {
    const CLIENTS: usize = 16;
    let next = AtomicUsize::new(0);
    let client = || {
        let mut outcomes = Outcomes::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return outcomes;
            }
            let kind = number % requests.len();
            let outcome = Outcome::from_answer(kind, &ask(address, &requests[kind]));
            *outcomes.entry(outcome).or_default() += 1;
        }
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        let outcomes = clients.into_iter().filter_map(|client| client.join().ok());
        outcomes.fold(Outcomes::new(), |mut all, some| {
            some.into_iter().for_each(|(outcome, count)| *all.entry(outcome).or_default() += count);
            all
        })
    })
}

/// The server may close before all is sent: only its response counts.
fn ask(address: SocketAddr, request: &[u8]) -> Response {
    let mut bytes = Vec::new();
    if let Ok(mut stream) = connect(address) {
        let _ = stream.write_all(request);
        let _ = stream.read_to_end(&mut bytes);
    }
    Response { first_byte: std::time::Duration::ZERO, bytes }
}

/// One request of each kind.
fn requests(sign_in: &SignIn) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let value = |wanted: &str| {
        let mut pairs = sign_in.callback.query_pairs();
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let target = &sign_in.callback[Position::BeforePath..Position::AfterQuery];
    let state = value("state").ok_or("the callback has no state")?;
    let port = sign_in.address.port();
    let mut all = methods(target, port);
    all.extend(heads(target, port));
    all.extend(targets(&state, port));
    all.extend(foreign_hosts(target, port));
    all.extend(no_http(target, port));
    Ok(all)
}

/// Rows 29 and 30: what is not `GET`.
fn methods(target: &str, port: u16) -> Vec<Vec<u8>> {
    let methods = [
        "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "FOO", "get", "GE",
    ];
    let bare = |method| format!("{method} {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    let mut all: Vec<_> = methods.map(bare).map(String::into_bytes).into();
    let body = target.split('?').nth(1).unwrap_or_default();
    all.push(
        format!(
            "POST /auth/callback HTTP/1.1\r\nHost: localhost:{port}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    );
    all.push(with(target, port, "Access-Control-Request-Private-Network: true\r\nOrigin: null"));
    all
}

/// Rows 35 and 39: headers of pages, and headers that are none.
fn heads(target: &str, port: u16) -> Vec<Vec<u8>> {
    let many = vec!["X-Many: 1"; 80].join("\r\n");
    let large = format!("X-Large: {}", "a".repeat(20 * 1024));
    let lines = [
        "Origin: https://evil.test",
        "Origin: null",
        "Origin: http://localhost",
        "Sec-Fetch-Dest: image\r\nSec-Fetch-Mode: no-cors",
        "Sec-Fetch-Dest: iframe\r\nSec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors",
        "Sec-Fetch-Mode: websocket\r\nUpgrade: websocket",
        "Sec-Purpose: prefetch;prerender",
        "Host: evil.test",
        "no colon",
        "X-Space : 1",
        "X-Folded: 1\r\n 2",
        "X-Nul: \0",
        "X-Return: a\rb",
        "X-Feed: a\nX-More: b",
        ": no name",
        &many,
        &large,
    ];
    lines.map(|line| with(target, port, line)).into()
}

/// The right callback, and one more line.
fn with(target: &str, port: u16, line: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n{line}\r\n\r\n").into_bytes()
}

/// Rows 9, 10, 13, 15, 28, 37 and 38: other paths, other states, malformed and repeated parameters.
fn targets(state: &str, port: u16) -> Vec<Vec<u8>> {
    let callback = |query: &str| format!("/auth/callback?{query}");
    let with_state = |rest: &str| callback(&format!("state={state}&{rest}"));
    let mut all: Vec<String> =
        ["/", "/favicon.ico", "/success", "/cancel", "/auth/callback/", "//auth/callback"]
            .map(str::to_owned)
            .into();
    all.push(format!("/AUTH/CALLBACK?code=a&state={state}"));
    let malformed = ["code=%", "code=%2", "code=%zz", "code=%u0041", "code=%ff%fe", "code=%c0%af"];
    let repeated = ["code=a&code=b", "code=a&state=b", "error=a&error=b", "code=a%00", "code=a%0d"];
    all.extend(malformed.into_iter().chain(repeated).map(with_state));
    all.push(with_state(&format!("code={}", "a".repeat(9000))));
    let others = ["", "state", "state=", "state=%00", "&&", "=", "?", "code=a", "error=a&state=b"];
    all.extend(others.map(callback));
    let (shorter, longer) = (&state[1..], format!("{state}a"));
    let states = [shorter, &longer, &state.to_lowercase(), &format!("{state}%20")];
    all.extend(states.map(|state| callback(&format!("code=a&state={state}"))));
    all.push(callback(&"a=b&".repeat(1500)));
    all.into_iter()
        .map(|target| format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"))
        .map(String::into_bytes)
        .collect()
}

/// Rows 32 and 33: every `Host` that is not ours, and none.
fn foreign_hosts(target: &str, port: u16) -> Vec<Vec<u8>> {
    let hosts = [
        format!("Host: evil.test:{port}\r\n"),
        format!("Host: localhost.evil.test:{port}\r\n"),
        format!("Host: 127.0.0.1.nip.io:{port}\r\n"),
        format!("Host: localhost:{port}.\r\n"),
        format!("Host: 0.0.0.0:{port}\r\n"),
        format!("Host: [::ffff:127.0.0.1]:{port}\r\n"),
        format!("Host: localhost:{port}@evil.test\r\n"),
        format!("Host: me@localhost:{port}\r\n"),
        format!("Host: local\thost:{port}\r\n"),
        format!("Host: localhost:{port}\r\nHost: localhost:{port}\r\n"),
        "Host: localhost:9\r\n".to_owned(),
        "Host: localhost\r\n".to_owned(),
        "Host:\r\n".to_owned(),
        String::new(),
    ];
    let request = |host: &String, version| format!("GET {target} HTTP/1.{version}\r\n{host}\r\n");
    let both = hosts.iter().flat_map(|host| [request(host, 1), request(host, 0)]);
    both.map(String::into_bytes).collect()
}

/// Row 39: bytes that are no request, and requests for a proxy.
fn no_http(target: &str, port: u16) -> Vec<Vec<u8>> {
    let host = format!("Host: localhost:{port}\r\n\r\n");
    let requests = [
        format!("GET http://localhost:{port}{target} HTTP/1.1\r\n{host}"),
        format!("GET http://evil.test{target} HTTP/1.1\r\n{host}"),
        format!("GET {target} HTTP/1.1\n{}", host.replace("\r\n", "\n")),
        format!("GET {target} HTTP/9.9\r\n{host}"),
        format!("GET  {target}  HTTP/1.1\r\n{host}"),
        format!("GET {target}\r\n{host}"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH_10.0\r\n\r\n".to_owned(),
        "\0\u{1}\u{2}\u{3}\r\n\r\n".to_owned(),
    ];
    let mut all: Vec<_> = requests.map(String::into_bytes).into();
    all.push(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec());
    all.push([b"GET /auth/callback?\xff\xfe HTTP/1.1\r\n", host.as_bytes()].concat());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcome_is_refused_only_for_an_error_status() {
        let outcome = |text: &str| {
            let first_byte = std::time::Duration::ZERO;
            Outcome::from_answer(7, &Response { first_byte, bytes: text.into() })
        };
        assert_eq!(outcome("HTTP/1.1 404 Not Found\r\n\r\n"), Outcome::Refused);
        assert_eq!(outcome("HTTP/1.1 200 OK\r\n\r\n"), Outcome::Answered { kind: 7, status: 200 });
        assert_eq!(outcome(""), Outcome::NoAnswer { kind: 7 });
    }

    #[test]
    fn hostile_requests_are_unique_and_exclude_the_callback() {
        let (target, port) = ("/auth/callback?code=a&state=Aabc", 1455);
        let mut all = methods(target, port);
        all.extend(heads(target, port));
        all.extend(targets("Aabc", port));
        all.extend(foreign_hosts(target, port));
        all.extend(no_http(target, port));
        let count = all.len();
        assert!(!all.contains(&crate::http::get(target, "localhost:1455")));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
