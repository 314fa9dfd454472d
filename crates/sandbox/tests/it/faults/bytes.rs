use std::io::{ErrorKind, Read as _, Write as _};
use std::time::{Duration, Instant};

use sandbox::{Account, Answered, Body, Endpoint, Fault, On, Reply, Sandbox, Scenario, Then, Tls};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{REQUEST, asked, jwks, raw, with_fault};
use crate::client::{refresh, sandbox, secure};

fn faulty(then: Then) -> Sandbox {
    with_fault(Fault::new(Endpoint::Jwks, then))
}

fn honest_body() -> String {
    jwks(&sandbox(Scenario::default())).unwrap().body
}

#[test]
fn a_body_can_come_byte_by_byte() {
    let every = Duration::from_millis(1);
    let sandbox = faulty(Then::Drip { every });
    let begun = Instant::now();
    let answer = jwks(&sandbox).unwrap();
    assert_eq!(answer.body, honest_body());
    let waited = u32::try_from(answer.body.len() - 1).unwrap();
    assert!(begun.elapsed() >= every * waited);
    assert!(answer.headers.contains(&format!("content-length: {}", answer.body.len())));
}

#[test]
fn a_connection_can_be_reset_at_a_byte_of_a_body() {
    let (got, end) = raw(&faulty(Then::ResetAfter { after: 9 }));
    assert!(got.ends_with("\r\n\r\n{\"keys\":["), "{got}");
    assert_eq!(end, Some(ErrorKind::ConnectionReset));
}

/// What becomes of the packed bytes is told next to what packs them.
#[test]
fn a_body_can_be_a_bomb() {
    let sandbox = faulty(Then::Bomb { spaces: 60_000_000 });
    let mut got = Vec::new();
    asked(&sandbox).read_to_end(&mut got).unwrap();
    let head = got.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    let (head, body) = got.split_at(head + 4);
    let head = String::from_utf8_lossy(head);
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
    assert!(body.starts_with(&[0x1f, 0x8b, 8]));
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    assert!((58_000..60_000).contains(&body.len()), "{}", body.len());
    let unpacked = u32::from_le_bytes(body[body.len() - 4..].try_into().unwrap());
    assert!(unpacked >= 60_000_000, "{unpacked}");
}

#[test]
fn an_honest_body_can_have_any_head() {
    let odd = b"HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\nHTTP/1.0 200\r\nA: b\r\n\r\n";
    let (got, end) = raw(&faulty(Then::Head(odd.to_vec())));
    assert_eq!(got, String::from_utf8_lossy(odd) + honest_body().as_str());
    assert_eq!(end, None);

    let (got, end) = raw(&faulty(Then::content_length(1_u64 << 63)));
    let (head, body) = got.split_once("\r\n\r\n").unwrap();
    assert!(head.ends_with("\r\nContent-Length: 9223372036854775808"), "{head}");
    assert_eq!((body, end), (honest_body().as_str(), None));
}

#[test]
fn bytes_can_take_the_place_of_an_answer_and_the_request_changes_nothing() {
    let (got, end) = raw(&faulty(Then::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec())));
    assert_eq!((got.as_str(), end), ("SSH-2.0-OpenSSH\r\n", None));

    let answer = Then::Raw(b"HTTP/1.1 500 \r\n\r\n".to_vec());
    let faults = vec![Fault::new(Endpoint::TokenRefresh, answer).on(On::First(1))];
    let sandbox = sandbox(Scenario { faults, ..Scenario::default() });
    let token = sandbox.mint(Account::OWNER).unwrap().refresh_token.unwrap();
    assert_eq!(refresh(&sandbox, &token).status, 500);
    assert_eq!(refresh(&sandbox, &token).status, 200);
}

#[test]
fn such_bytes_are_encrypted_like_others_and_so_is_their_end() {
    for (then, expected) in [
        (Then::Raw(b"HTTP/1.0 204\r\n\r\n".to_vec()), "HTTP/1.0 204\r\n\r\n".to_owned()),
        (
            Then::Head(b"HTTP/1.0 200\r\n\r\n".to_vec()),
            format!("HTTP/1.0 200\r\n\r\n{}", honest_body()),
        ),
    ] {
        let faults = vec![Fault::new(Endpoint::Jwks, then)];
        let sandbox = sandbox(Scenario { tls: Tls::On, faults, ..Scenario::default() });
        let mut stream = secure(&sandbox, "localhost").unwrap();
        stream.write_all(REQUEST.as_bytes()).unwrap();
        let mut got = String::new();
        // An end without `close_notify` would be an error.
        stream.read_to_string(&mut got).unwrap();
        assert_eq!(got, expected);
    }
}

#[test]
fn a_flood_has_no_end() {
    let (first, again) = (b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".to_vec());
    let sandbox = faulty(Then::Flood { first, again });
    let mut stream = asked(&sandbox);
    let mut much = vec![0; 4 * 1024 * 1024];
    stream.read_exact(&mut much).unwrap();
    assert!(much.starts_with(b"HTTP/1.1 200 OK\r\nX: y\r\nX: y\r\n"));
}

#[tokio::test]
async fn an_observer_hears_that_bytes_took_the_place_of_an_answer() {
    let faults = vec![Fault::new(Endpoint::Jwks, Then::Raw(b"HTTP/1.1 200 \r\n\r\n".to_vec()))];
    let (heard, hearing) = std::sync::mpsc::channel();
    let observer = move |_: &sandbox::Recorded, answered| heard.send(answered).unwrap();
    let scenario = Scenario { faults, ..Scenario::default() };
    let sandbox = Sandbox::start_observed(scenario, observer).await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(sandbox.issuer_address()).await.unwrap();
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    assert_eq!(hearing.recv().unwrap(), Answered::Verbatim);
}

fn date(scenario: Scenario) -> String {
    let answer = jwks(&sandbox(scenario)).unwrap();
    let mut dates = answer.headers.lines().filter_map(|line| line.strip_prefix("date: "));
    let date = dates.next().unwrap().to_owned();
    assert_eq!(dates.next(), None);
    date
}

#[test]
fn answers_are_dated_by_the_clock_of_the_scenario() {
    let at = |now, clock_offset| Scenario { now: Some(now), clock_offset, ..Scenario::default() };
    // RFC 9110 §5.6.7.
    assert_eq!(date(at(784_111_777, 0)), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(date(at(784_111_777, -37)), "Sun, 06 Nov 1994 08:49:00 GMT");
    assert_eq!(date(at(i64::MAX, 1)), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_eq!(date(at(i64::MIN, -1)), "Thu, 01 Jan 1970 00:00:00 GMT");
    let century = 100 * 365 * 24 * 60 * 60;
    let later = date(Scenario { clock_offset: century, ..Scenario::default() });
    assert!(later.contains(" 21"), "{later}");

    let headers = vec![("Date".to_owned(), "yesterday".to_owned())];
    let reply = Then::Answer(Reply { status: 200, headers, body: Body::Json(json!({})) });
    let faults = vec![Fault::new(Endpoint::Jwks, reply)];
    assert_eq!(date(Scenario { faults, ..Scenario::default() }), "yesterday");
}
