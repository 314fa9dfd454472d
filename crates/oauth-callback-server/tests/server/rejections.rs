//! Rejected callbacks are refused, and reported once.

use std::time::Duration;

use oauth_callback_server::{Limits, RejectedCallback, WaitError};
use tokio::io::AsyncWriteExt as _;

use crate::support::{Waiting, assert_free, connect, exchange, read_to_end, run_pending_tasks};

/// The first bytes that OpenSSL sends.
const CLIENT_HELLO: &[u8] = b"\x16\x03\x01\x01\x2f\x01\x00\x01\x2b\x03\x03";

// threats 218
#[tokio::test]
async fn tls_handshake_is_reported_and_gets_an_alert() {
    let mut waiting = Waiting::start();
    for _ in 0..3 {
        let mut browser = connect(waiting.port).await;
        browser.write_all(CLIENT_HELLO).await.unwrap();
        let response = read_to_end(&mut browser).await;
        assert_eq!(response.as_bytes(), [21, 3, 3, 0, 2, 2, 40], "a TLS alert");
    }
    assert_eq!(waiting.rejected().await, Some(RejectedCallback::Https));
    waiting.get("/auth/callback?code=C&state=other").await;
    assert_eq!(waiting.rejected().await, Some(RejectedCallback::StateMismatch));
    waiting.completes().await;
}

// threats 219
#[tokio::test]
async fn each_kind_of_rejection_is_reported() {
    let mut waiting = Waiting::start();
    let right = waiting.target("code=C&state=S");
    let from = |header: &str| {
        let request = waiting.request("GET", &right);
        request.replace("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"))
    };
    let to = |host: &str| format!("GET {right} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let requests = [
        (waiting.request("GET", &waiting.target("code=C&state=other")), 400),
        (waiting.request("GET", &waiting.target("error=access_denied")), 400),
        (waiting.request("GET", &waiting.target("code=C&code=D&state=S")), 400),
        (from("Sec-Fetch-Mode: cors"), 403),
        (to("localhost:8080"), 403),
    ];
    let kinds = [
        RejectedCallback::StateMismatch,
        RejectedCallback::MissingState,
        RejectedCallback::Malformed,
        RejectedCallback::NotNavigation,
        RejectedCallback::OtherHost,
    ];
    for ((request, status), kind) in requests.iter().zip(kinds) {
        let response = exchange(waiting.port, request.as_bytes()).await;
        assert_eq!(response.status, *status, "{kind:?}");
        assert_eq!(waiting.rejected().await, Some(kind));
    }
    waiting.completes().await;
}

// threats 219
#[tokio::test]
async fn timeout_error_has_only_requests_that_look_like_the_callback() {
    let mut waiting = Waiting::with(Limits::default(), Duration::from_millis(500));
    for target in ["/", "/auth/callback", "/favicon.ico", "/auth/callback?state=x"] {
        waiting.get(target).await;
    }
    waiting.callback("code=C").await;
    waiting.callback("code=C").await;
    let WaitError::TimedOut { rejected, .. } = waiting.error().await else {
        panic!("expected TimedOut")
    };
    assert_eq!(rejected, [RejectedCallback::MissingState]);
    assert_eq!(waiting.rejected().await, Some(RejectedCallback::MissingState));
    assert_free(waiting.port);
}

/// The browser may have too many cookies for this host.
// threats 39
#[tokio::test]
async fn large_head_is_reported() {
    let long = format!("\r\nCookie: {}\r\n\r\n", "a".repeat(17_000));
    let many = format!("\r\n{}\r\n", "x: y\r\n".repeat(65));
    for headers in [long, many] {
        let mut waiting = Waiting::start();
        let request = waiting.request("GET", &waiting.target("code=C&state=S"));
        let request = request.replace("\r\n\r\n", &headers);
        assert_eq!(exchange(waiting.port, request.as_bytes()).await.status, 431);
        assert_eq!(waiting.rejected().await, Some(RejectedCallback::HeaderTooLarge));
        waiting.completes().await;
    }
}

/// For example, two users have signed in on the same page. The second code is not used.
// threats 20
#[tokio::test]
async fn other_code_gets_a_conflict() {
    let mut waiting = Waiting::start();
    let browser = waiting.browser();
    let callback = waiting.outcome().await.unwrap();
    run_pending_tasks().await;
    let response = waiting.callback("code=OTHER&state=S").await;
    assert_eq!(response.status, 409);
    assert!(response.body.contains("already has a response"), "{}", response.body);
    callback.browser.respond_ok("signed in").await;
    assert_eq!(browser.await.unwrap().body, "signed in");
    assert_free(waiting.port);
}

/// A browser may reset the connection if its window is closed.
// threats 220
#[cfg(unix)]
#[tokio::test]
async fn callback_counts_if_its_connection_is_reset() {
    for _ in 0..100 {
        let mut waiting = Waiting::start();
        let request = waiting.request("GET", &waiting.target("code=C&state=S"));
        let port = waiting.port;
        let client = std::thread::spawn(move || send_and_reset(port, &request));
        let callback = waiting.outcome().await.unwrap();
        assert_eq!(callback.code.expose(), "C");
        tokio::time::timeout(crate::support::TIMEOUT, callback.browser.respond_ok("signed in"))
            .await
            .unwrap();
        client.join().unwrap();
    }
}

#[cfg(unix)]
fn send_and_reset(port: u16, request: &str) {
    use std::io::Write as _;
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}
