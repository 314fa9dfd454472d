//! What the HTTP surface gives to everyone else: constant pages.

use tokio::io::AsyncWriteExt as _;

use crate::support::{Waiting, connect, exchange, read_answer, read_to_end, settle};

// threats 28 54
#[tokio::test]
async fn other_paths_are_not_found() {
    let waiting = Waiting::start();
    for path in ["/", "/favicon.ico", "/success", "/auth/callback/x", "/cancel", "/%2e%2e/x"] {
        let answer = waiting.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("Not found"));
    }
    waiting.completes().await;
}

// threats 29
#[tokio::test]
async fn a_posted_callback_is_not_found() {
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
        let answer = exchange(waiting.port, request.as_bytes()).await;
        assert_eq!(answer.status, status, "{method}");
        let allow: &[&str] = if status == 405 { &["GET"] } else { &[] };
        assert_eq!(answer.headers("allow"), allow, "{method}");
        assert_eq!(answer.body.is_empty(), method == "HEAD", "{method}");
    }
    let connect =
        format!("CONNECT localhost:{0} HTTP/1.1\r\nHost: localhost:{0}\r\n\r\n", waiting.port);
    assert_eq!(exchange(waiting.port, connect.as_bytes()).await.status, 405);
    waiting.completes().await;
}

// threats 31 32 33
#[tokio::test]
async fn only_our_own_host_is_answered() {
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
        let answer = exchange(port, request.as_bytes()).await;
        assert_eq!(answer.status, status, "{headers:?}");
    }
    waiting.completes().await;
}

// threats 35
#[tokio::test]
async fn only_a_navigation_may_bring_the_callback() {
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
async fn a_line_that_is_too_long_is_refused() {
    let waiting = Waiting::start();
    for size in [8_193, 100_000, 1_000_000] {
        let target = format!("/{}", "a".repeat(size - "GET / HTTP/1.1".len()));
        assert_eq!(waiting.get(&target).await.status, 414, "{size}");
    }
    waiting.completes().await;
}

// threats 39 54
#[tokio::test]
async fn a_head_that_is_too_large_or_broken_is_refused() {
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
        let answer = exchange(waiting.port, request.as_bytes()).await;
        assert_eq!(answer.status, status, "{}", &headers[..headers.len().min(20)]);
    }
    waiting.completes().await;
}

// threats 37 39 54
#[tokio::test]
async fn what_is_no_http_is_a_bad_request() {
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
        let answer = exchange(waiting.port, bytes).await;
        assert_eq!(answer.status, 400, "{}", bytes.escape_ascii());
    }
    waiting.completes().await;
}

// threats 37
#[tokio::test]
async fn raw_bytes_in_the_query_are_not_guessed_at() {
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
async fn a_request_may_come_in_pieces() {
    let waiting = Waiting::start();
    let request = waiting.request("GET", "/nothing");
    for cut in 1..request.len() {
        let mut stream = connect(waiting.port).await;
        stream.write_all(&request.as_bytes()[..cut]).await.unwrap();
        settle().await;
        stream.write_all(&request.as_bytes()[cut..]).await.unwrap();
        assert_eq!(read_answer(&mut stream).await.status, 404, "cut at {cut}");
    }
    waiting.completes().await;
}

// threats 45
#[tokio::test]
async fn the_callback_may_come_byte_by_byte() {
    let mut waiting = Waiting::start();
    let request = waiting.request("GET", &waiting.target("code=C&state=S"));
    let mut stream = connect(waiting.port).await;
    for byte in request.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
        settle().await;
    }
    waiting.outcome().await.unwrap().browser.respond_ok("signed in").await;
    assert_eq!(read_answer(&mut stream).await.body, "signed in");
}

// threats 43
#[tokio::test]
async fn there_is_one_answer_per_connection() {
    let waiting = Waiting::start();
    let mut stream = connect(waiting.port).await;
    let request = waiting.request("GET", "/").repeat(3);
    stream.write_all(request.as_bytes()).await.unwrap();
    let answers = read_to_end(&mut stream).await;
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
    waiting.completes().await;
}

// threats 19 32 54 55
#[tokio::test]
async fn no_byte_of_a_request_comes_back() {
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
        let answer = exchange(port, request.as_bytes()).await;
        assert!(!answer.body.contains(canary) && !answer.head.contains(canary), "{request}");
    }
    waiting.completes().await;
}
