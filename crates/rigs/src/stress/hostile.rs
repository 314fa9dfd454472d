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

/// One request a line.
const REQUESTS: &str = include_str!("hostile_requests.txt");

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
    report.count("  token requests", harness.code_exchange_count(), 1);
    report.bytes("  resident at the most", metrics.memory, 32_000_000);
    Ok(())
}

/// The result of a request, with its kind if it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Refused,
    /// The connection ended without a response.
    NoResponse {
        kind: usize,
    },
    /// The response is no refusal.
    Status {
        kind: usize,
        status: u16,
    },
}

impl Outcome {
    fn from_response(kind: usize, response: &Response) -> Self {
        const REFUSALS: [u16; 7] = [400, 403, 404, 405, 414, 431, 501];
        match response.status() {
            Some(status) if REFUSALS.contains(&status) => Self::Refused,
            Some(status) => Self::Status { kind, status },
            // TLS is refused by an alert.
            None if response.is_tls_alert() => Self::Refused,
            None => Self::NoResponse { kind },
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
            let outcome = Outcome::from_response(kind, &ask(address, &requests[kind]));
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
    let mut pairs = sign_in.callback.query_pairs();
    let state = pairs.find(|(name, _)| name == "state").ok_or("the callback has no state")?.1;
    let target = &sign_in.callback[Position::BeforePath..Position::AfterQuery];
    Ok(all_requests(target, &state, sign_in.address.port()))
}

fn all_requests(callback: &str, state: &str, port: u16) -> Vec<Vec<u8>> {
    let (_, query) = callback.split_once('?').unwrap_or_default();
    let lines = REQUESTS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let filled = lines.map(|line| {
        let host = if line.contains("\\nHost:") { "" } else { "\\r\\nHost: {host}" };
        let is_whole = ["\\r\\n\\r\\n", "\\n\\n"].iter().any(|end| line.contains(end));
        let end = if is_whole { String::new() } else { format!("{host}\\r\\n\\r\\n") };
        format!("{line}{end}")
            .replace("{callback}", callback)
            .replace("{query}", query)
            .replace("{length}", &query.len().to_string())
            .replace("{state}", state)
            .replace("{state in lower case}", &state.to_lowercase())
            .replace("{host}", &format!("localhost:{port}"))
            .replace("{port}", &port.to_string())
            .replace("{80 headers}", &"\\r\\nX-Many: 1".repeat(80))
            .replace("{1500 pairs}", &"a=b&".repeat(1500))
            .replace("{9000 a}", &"a".repeat(9000))
            .replace("{20000 a}", &"a".repeat(20_000))
    });
    filled.map(|line| unescaped(&line)).collect()
}

/// `\r`, `\n`, `\t` and `\x7f`.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (escape, rest) = part.split_at(if part.starts_with('x') { 3 } else { 1 });
        bytes.push(match escape {
            "r" => b'\r',
            "n" => b'\n',
            "t" => b'\t',
            hex => u8::from_str_radix(&hex[1..], 16).unwrap_or_default(),
        });
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcome_is_refused_only_for_an_error_status() {
        let outcome = |text: &str| {
            let first_byte = std::time::Duration::ZERO;
            Outcome::from_response(7, &Response { first_byte, bytes: text.into() })
        };
        assert_eq!(outcome("HTTP/1.1 404 Not Found\r\n\r\n"), Outcome::Refused);
        assert_eq!(outcome("HTTP/1.1 200 OK\r\n\r\n"), Outcome::Status { kind: 7, status: 200 });
        assert_eq!(outcome(""), Outcome::NoResponse { kind: 7 });
    }

    #[test]
    fn hostile_requests_are_unique_and_exclude_the_callback() {
        let target = "/auth/callback?code=a&state=Aabc";
        let mut all = all_requests(target, "Aabc", 1455);
        let count = all.len();
        let right = format!("GET {target} HTTP/1.1\r\nHost: localhost:1455\r\n\r\n");
        assert!(!all.contains(&right.into_bytes()));
        let is_filled = |request: &Vec<u8>| !request.iter().any(|byte| b"{}\\".contains(byte));
        assert!(all.iter().all(is_filled));
        assert!(all.contains(&b"\x00\x01\x02\x03\r\n\r\n".to_vec()));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
