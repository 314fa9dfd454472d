//! Requests that are not the callback get constant pages.

use tokio::io::AsyncWriteExt as _;

use crate::support::{Waiting, connect, exchange, read_response, read_to_end, run_pending_tasks};

// threats 28 54
#[tokio::test]
async fn other_paths_are_not_found() {
    let waiting = Waiting::start();
    for path in ["/", "/favicon.ico", "/success", "/auth/callback/x", "/cancel", "/%2e%2e/x"] {
        let response = waiting.get(path).await;
        assert_eq!(response.status, 404, "{path}");
        assert!(response.body.contains("Not found"));
    }
    waiting.completes().await;
}

// threats 29
#[tokio::test]
async fn posted_callback_is_not_found() {
    let waiting = Waiting::start();
    let target = waiting.target("code=C&state=S");
    let (path, query) = target.split_once('?').unwrap();
    let port = waiting.port;
    for target in [&target, path] {
        let length = query.len();
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: {length}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{query}"
        );
        assert_eq!(exchange(port, request.as_bytes()).await.status, 404);
    }
    waiting.completes().await;
}

// threats 30
#[tokio::test]
async fn other_methods_are_not_allowed() {
    let waiting = Waiting::start();
    let target = waiting.target("code=C&state=S");
    for (method, status) in [
        ("HEAD", 405),
        ("OPTIONS", 405),
        ("PUT", 405),
        ("DELETE", 405),
        ("PATCH", 405),
        ("TRACE", 405),
        ("FOO", 501),
    ] {
        let extra = "\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Private-Network: true\r\n\r\n";
        let request = waiting.request(method, &target).replace("\r\n\r\n", extra);
        let response = exchange(waiting.port, request.as_bytes()).await;
        assert_eq!(response.status, status, "{method}");
        let allow: &[&str] = if status == 405 { &["GET"] } else { &[] };
        assert_eq!(response.headers("allow"), allow, "{method}");
        assert_eq!(response.body.is_empty(), method == "HEAD", "{method}");
    }
    let connect =
        format!("CONNECT localhost:{0} HTTP/1.1\r\nHost: localhost:{0}\r\n\r\n", waiting.port);
    assert_eq!(exchange(waiting.port, connect.as_bytes()).await.status, 405);
    waiting.completes().await;
}

// threats 31 32 33
#[tokio::test]
async fn only_requests_for_this_host_are_served() {
    let waiting = Waiting::start();
    let port = waiting.port;
    for (version, headers, status) in [
        (1, format!("Host: localhost:{port}\r\n"), 404),
        (1, format!("Host:   127.0.0.1:{port}  \r\n"), 404),
        (1, format!("Host: [::1]:{port}\r\n"), 404),
        (0, format!("Host: LOCALHOST:{port}\r\n"), 404),
        (1, format!("Host: evil.test:{port}\r\n"), 403),
        (1, "Host: localhost:9\r\n".to_owned(), 403),
        (1, "Host: localhost\r\n".to_owned(), 403),
        (1, String::new(), 400),
        (0, String::new(), 400),
        (1, "Host:\r\n".to_owned(), 400),
        (1, format!("Host: localhost:{port}\r\nHost: localhost:{port}\r\n"), 400),
        (0, format!("Host: localhost:{port}\r\nHost: evil.test\r\n"), 400),
    ] {
        let request = format!("GET / HTTP/1.{version}\r\n{headers}\r\n");
        let response = exchange(port, request.as_bytes()).await;
        assert_eq!(response.status, status, "{headers:?}");
    }
    waiting.completes().await;
}

// threats 35
#[tokio::test]
async fn callback_without_navigation_is_forbidden() {
    let waiting = Waiting::start();
    for header in ["Origin: null", "Sec-Fetch-Dest: iframe", "Sec-Fetch-Mode: cors"] {
        let request = waiting.request("GET", &waiting.target("code=C&state=S"));
        let request = request.replace("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"));
        assert_eq!(exchange(waiting.port, request.as_bytes()).await.status, 403, "{header}");
    }
    waiting.completes().await;
}

// threats 38
#[tokio::test]
async fn long_request_line_is_refused() {
    let waiting = Waiting::start();
    for size in [8_193, 100_000, 1_000_000] {
        let target = format!("/{}", "a".repeat(size - "GET / HTTP/1.1".len()));
        assert_eq!(waiting.get(&target).await.status, 414, "{size}");
    }
    waiting.completes().await;
}

// threats 39 54
#[tokio::test]
async fn large_or_invalid_head_is_refused() {
    let waiting = Waiting::start();
    let long = "a".repeat(1_000_000);
    let medium = format!("x: {}\r\n", "a".repeat(6_000));
    for (headers, status) in [
        (format!("x: {long}\r\n"), 431),
        (medium.repeat(3), 431),
        ("x: y\r\n".repeat(65), 431),
        ("no colon\r\n".to_owned(), 400),
        ("x: y\r\n folded\r\n".to_owned(), 400),
        ("x : y\r\n".to_owned(), 400),
        ("x: a\0b\r\n".to_owned(), 400),
        ("x: a\rb\r\n".to_owned(), 400),
        ("x: y\n".to_owned(), 400),
        (": y\r\n".to_owned(), 400),
        ("Content-Length: x\r\n".to_owned(), 400),
    ] {
        let request =
            waiting.request("GET", "/").replace("\r\n\r\n", &format!("\r\n{headers}\r\n"));
        let response = exchange(waiting.port, request.as_bytes()).await;
        assert_eq!(response.status, status, "{}", &headers[..headers.len().min(20)]);
    }
    waiting.completes().await;
}

// threats 37 39 54
#[tokio::test]
async fn invalid_http_is_a_bad_request() {
    let waiting = Waiting::start();
    for bytes in [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(),
        b"GET\r\n\r\n".as_slice(),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / x HTTP/1.1\r\n\r\n",
        b"GET /\r\n\r\n",
        b"G\0T / HTTP/1.1\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\n\r\n",
        b"GET http://localhost/auth/callback HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
    ] {
        let response = exchange(waiting.port, bytes).await;
        assert_eq!(response.status, 400, "{}", bytes.escape_ascii());
    }
    waiting.completes().await;
}

// threats 37
#[tokio::test]
async fn raw_bytes_in_the_query_are_a_bad_request() {
    let waiting = Waiting::start();
    let mut request = waiting.request("GET", &waiting.target("code=C\u{e9}&state=S")).into_bytes();
    assert_eq!(exchange(waiting.port, &request).await.status, 400);
    let at = request.iter().position(|byte| *byte == 0xc3).unwrap();
    request[at] = 0xff;
    assert_eq!(exchange(waiting.port, &request).await.status, 400);
    waiting.completes().await;
}

// threats 45
#[tokio::test]
async fn request_may_arrive_in_two_parts() {
    let waiting = Waiting::start();
    let request = waiting.request("GET", "/nothing");
    for cut in 1..request.len() {
        let mut stream = connect(waiting.port).await;
        stream.write_all(&request.as_bytes()[..cut]).await.unwrap();
        run_pending_tasks().await;
        stream.write_all(&request.as_bytes()[cut..]).await.unwrap();
        assert_eq!(read_response(&mut stream).await.status, 404, "split at {cut}");
    }
    waiting.completes().await;
}

// threats 45
#[tokio::test]
async fn callback_may_arrive_byte_by_byte() {
    let mut waiting = Waiting::start();
    let request = waiting.request("GET", &waiting.target("code=C&state=S"));
    let mut stream = connect(waiting.port).await;
    for byte in request.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
        run_pending_tasks().await;
    }
    waiting.outcome().await.unwrap().browser.respond_ok("signed in").await;
    assert_eq!(read_response(&mut stream).await.body, "signed in");
}

// threats 43
#[tokio::test]
async fn each_connection_gets_one_response() {
    let waiting = Waiting::start();
    let mut stream = connect(waiting.port).await;
    let request = waiting.request("GET", "/").repeat(3);
    stream.write_all(request.as_bytes()).await.unwrap();
    let responses = read_to_end(&mut stream).await;
    assert_eq!(responses.matches("HTTP/1.1 ").count(), 1, "{responses}");
    waiting.completes().await;
}

// threats 19 32 54 55
#[tokio::test]
async fn response_contains_no_byte_of_the_request() {
    let waiting = Waiting::start();
    let canary = "c4n4ry";
    let port = waiting.port;
    for request in [
        format!("GET /{canary} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
        format!(
            "GET /auth/callback?state={canary}&code={canary} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"
        ),
        format!("{canary} / HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {canary}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: {canary}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{canary}\r\n\r\n"),
    ] {
        let response = exchange(port, request.as_bytes()).await;
        assert!(!response.body.contains(canary) && !response.head.contains(canary), "{request}");
    }
    waiting.completes().await;
}
