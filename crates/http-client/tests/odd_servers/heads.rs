//! Unusual, invalid and endless response heads.

use std::time::Duration;

use crate::support::{Server, assert_cut_off, assert_valid, client, ok, options, send};

/// A response with this status line and these header lines, which include their line ends.
fn response(status_line: &str, headers: &str) -> String {
    format!("{status_line}{headers}Content-Length: 11\r\n\r\n{{\"ok\":true}}")
}

// threats 91
#[tokio::test]
async fn valid_http_1_status_lines_are_accepted() {
    for line in [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 \r\n",
        "HTTP/1.1 200\r\n",
        "HTTP/1.1 200 Quite another phrase\r\n",
        "HTTP/1.1 200 \u{e4}\u{f6}\r\n",
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.0 200\r\n",
        "HTTP/1.1 200 OK\n",
        "\r\nHTTP/1.1 200 OK\r\n",
    ] {
        assert_valid(Server::closing(response(line, "")), line).await;
    }
}

// threats 91
#[tokio::test]
async fn invalid_status_line_is_an_error() {
    for line in [
        "HTTP/2.0 200 OK\r\n",
        "HTTP/0.9 200 OK\r\n",
        "HTTP/1.2 200 OK\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 000 OK\r\n",
        "HTTP/1.1 -20 OK\r\n",
        "HTTP/1.1  200 OK\r\n",
        "http/1.1 200 OK\r\n",
        "ICY 200 OK\r\n",
        "GET / HTTP/1.1\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "220 mail.test ESMTP\r\n",
        "\0\0\0\0",
        "\u{16}\u{3}\u{1}\u{2}",
        "{\"ok\":true}\r\n",
        "<html>\r\n",
    ] {
        assert_cut_off(Server::closing(response(line, "")), line).await;
    }
}

/// The caller handles unusual statuses.
// threats 91
#[tokio::test]
async fn any_three_digit_status_is_accepted() {
    for status in [101, 201, 204, 299, 418, 599, 600, 999] {
        let response =
            send(&Server::closing(response(&format!("HTTP/1.1 {status} X\r\n"), ""))).await;
        assert_eq!(response.unwrap().status(), status);
    }
}

// threats 91
#[tokio::test]
async fn header_names_are_case_insensitive() {
    for (id, after, length) in [
        ("x-request-id", "retry-after", "content-length"),
        ("X-REQUEST-ID", "RETRY-AFTER", "CONTENT-LENGTH"),
        ("x-ReQuEsT-iD", "rEtRy-AfTeR", "cOnTeNt-LeNgTh"),
    ] {
        let response = format!(
            "HTTP/1.1 200 OK\r\n{id}:r1\r\n{after}: \t7 \r\n{length}:  11\r\n\r\n{{\"ok\":true}}"
        );
        let response = assert_valid(Server::responding(response.as_str()), &response).await;
        assert_eq!(response.request_id().as_deref(), Some("r1"));
        assert_eq!(response.retry_after(), Some(Duration::from_secs(7)));
    }
}

// threats 91
#[tokio::test]
async fn lines_can_end_without_a_carriage_return() {
    let response = ok("r1").replace("\r\n", "\n");
    let response = assert_valid(Server::responding(response.as_str()), &response).await;
    assert_eq!(response.request_id().as_deref(), Some("r1"));
}

// threats 89 91
#[tokio::test]
async fn unusual_valid_headers_are_ignored() {
    for headers in [
        "X:\r\n",
        "X: \u{e4}\u{f6}\u{fc}\r\n",
        "X: a\tb\r\n",
        "X: 1\r\nX: 2\r\nX: 3\r\n",
        "Link: <https://elsewhere.test/>; rel=preload, </next>; rel=next\r\n",
        "Refresh: 0; url=https://elsewhere.test/\r\n",
        "Content-Location: https://elsewhere.test/\r\n",
        "Location: https://elsewhere.test/\r\n",
        "Alt-Svc: h3=\":443\"; ma=86400\r\n",
        "Upgrade: h2c\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\n",
        "Connection: X, Y, Z\r\n",
        "Content-Length: 11\r\n",
    ] {
        let response = response("HTTP/1.1 200 OK\r\n", headers);
        assert_valid(Server::closing(response), headers).await;
    }
}

// threats 89 91
#[tokio::test]
async fn invalid_headers_are_refused() {
    for headers in [
        "X: a\0b\r\n",
        "X\0: a\r\n",
        "X: a\r\n folded\r\n",
        "X: a\r\n\tfolded\r\n",
        " X: a\r\n",
        "X : a\r\n",
        "X Y: a\r\n",
        "X\r\n",
        ": a\r\n",
        "X\u{e4}: a\r\n",
        "X: a\rb\r\n",
        "X: a\u{1b}[2J\r\n",
        "X: a\u{7f}\r\n",
    ] {
        let response = response("HTTP/1.1 200 OK\r\n", headers);
        assert_cut_off(Server::closing(response), headers).await;
    }
}

/// The HTTP library limits the size of a head.
// threats 89
#[tokio::test]
async fn oversized_head_is_refused() {
    let large = |length: usize| format!("X: {}\r\n", "x".repeat(length));
    assert_valid(Server::closing(response("HTTP/1.1 200 OK\r\n", &large(8 * 1024))), "8 KiB").await;
    for (headers, what) in [
        (large(1024 * 1024), "one of 1 MiB"),
        (large(1024).repeat(1000), "1,000 of 1 KiB"),
        ("X: y\r\n".repeat(10_000), "10,000"),
        ((0..10_000).map(|n| format!("X{n}: y\r\n")).collect(), "10,000 names"),
    ] {
        assert_cut_off(Server::closing(response("HTTP/1.1 200 OK\r\n", &headers)), what).await;
    }
}

/// The client has no cookie jar, no HSTS list and no cache.
// threats 89
#[tokio::test]
async fn no_response_state_affects_the_next_request() {
    let headers = "Set-Cookie: canary=canary; Path=/\r\nSet-Cookie2: canary\r\n\
                   Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n\
                   ETag: \"canary\"\r\nLast-Modified: Wed, 21 Oct 2026 07:28:00 GMT\r\n\
                   Cache-Control: max-age=3600\r\nAccept-CH: Sec-CH-UA\r\n";
    let server = Server::responding(response("HTTP/1.1 200 OK\r\n", headers));
    let http = client(options(&server));
    for _ in 0..3 {
        assert_eq!(http.get(server.base().join("/")).send().await.unwrap().status(), 200);
    }
    let [first, second, third] = server.requests().try_into().unwrap();
    assert_eq!(first, second);
    assert_eq!(first, third);
    assert!(!first.to_lowercase().contains("cookie"), "{first}");
}
