//! The length of a body: conflicting lengths, and chunks of any kind.

use http_client::{DecodeError, Error};

use crate::support::{Server, assert_cut_off, assert_valid, send};

const OK: &str = "HTTP/1.1 200 OK\r\n";

/// A response with these chunks.
fn chunked(chunks: &str) -> String {
    format!("{OK}Transfer-Encoding: chunked\r\n\r\n{chunks}")
}

// threats 91
#[tokio::test]
async fn body_can_end_with_the_connection() {
    for head in [
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
    ] {
        assert_valid(Server::closing(format!("{head}{{\"ok\":true}}")), head).await;
    }
}

/// JSON is UTF-8 (RFC 8259 section 8.1), with any `Content-Type`.
// threats 72
#[tokio::test]
async fn content_type_is_ignored() {
    for value in [
        "",
        "text/html",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json, text/html",
        "\u{e4}",
    ] {
        let head = format!("{OK}Content-Type: {value}\r\nContent-Length: 11\r\n\r\n");
        assert_valid(Server::responding(format!("{head}{{\"ok\":true}}")), value).await;
    }
}

/// The client requests no content encoding, so there is no decompression bomb.
// threats 72 75
#[tokio::test]
async fn content_encoding_is_not_decoded() {
    const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xab\x56\xca\xcf\x56\xb2\x2a\x29\x2a\x4d\
        \xad\x05\0\x90\x5f\xd4\xa7\x0b\0\0\0";
    let utf_16: Vec<u8> = "{\"ok\":true}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (coding, body) in [
        ("gzip", GZIP),
        ("br", b"\x0b\x05\x80{\"ok\":true}\x03"),
        ("identity", b"\xef\xbb\xbf{\"ok\":true}"),
        ("identity", &utf_16),
    ] {
        let head = format!("{OK}Content-Encoding: {coding}\r\nConnection: close\r\n\r\n");
        let server = Server::closing([head.as_bytes(), body].concat());
        let response = send(&server).await.unwrap();
        let error = response.decode::<serde_json::Value>().unwrap_err();
        assert!(matches!(error, DecodeError::NotJson { .. }), "{coding}: {error:?}");
        assert!(!server.requests()[0].to_lowercase().contains("accept-encoding"));
    }
    for coding in ["gzip", "zstd", "x-unknown"] {
        let head = format!("{OK}Content-Encoding: {coding}\r\nContent-Length: 11\r\n\r\n");
        assert_valid(Server::responding(format!("{head}{{\"ok\":true}}")), coding).await;
    }
}

// threats 74
#[tokio::test]
async fn invalid_or_conflicting_content_length_is_refused() {
    for headers in [
        "Content-Length: 11\r\nContent-Length: 12\r\n",
        "Content-Length: 11, 12\r\n",
        "Content-Length: -11\r\n",
        "Content-Length: +11\r\n",
        "Content-Length: 0x0b\r\n",
        "Content-Length: eleven\r\n",
        "Content-Length:\r\n",
        "Content-Length: 1 1\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 99999999999999999999999999\r\n",
        "Content-Length: 12\r\n",
        "Content-Length: 9223372036854775807\r\n",
    ] {
        assert_cut_off(Server::closing(format!("{OK}{headers}\r\n{{\"ok\":true}}")), headers).await;
    }
}

/// RFC 9112 section 6.3: the transfer encoding overrides the length, and the connection is not
/// reused.
// threats 74 91
#[tokio::test]
async fn transfer_encoding_overrides_content_length() {
    for length in ["0", "5", "11", "1000000"] {
        let head = format!("{OK}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_valid(Server::responding(format!("{head}b\r\n{{\"ok\":true}}\r\n0\r\n\r\n")), &head)
            .await;
    }
}

// threats 74 91
#[tokio::test]
async fn valid_chunked_bodies_are_decoded() {
    for chunks in [
        "b\r\n{\"ok\":true}\r\n0\r\n\r\n",
        "B\r\n{\"ok\":true}\r\n0\r\n\r\n",
        "0000000b\r\n{\"ok\":true}\r\n000\r\n\r\n",
        "1\r\n{\r\n9\r\n\"ok\":true\r\n1\r\n}\r\n0\r\n\r\n",
        "b;name=value;other\r\n{\"ok\":true}\r\n0;last\r\n\r\n",
        "b;name=\"quoted\"\r\n{\"ok\":true}\r\n0\r\n\r\n",
        "b\r\n{\"ok\":true}\r\n0\r\nX-Trailer: one\r\nSet-Cookie: canary\r\n\r\n",
    ] {
        assert_valid(Server::responding(chunked(chunks)), chunks).await;
    }
}

// threats 74
#[tokio::test]
async fn invalid_chunked_bodies_are_refused() {
    let extension = format!("b;{}\r\n{{\"ok\":true}}\r\n0\r\n\r\n", "x".repeat(1024 * 1024));
    let trailer = format!("b\r\n{{\"ok\":true}}\r\n0\r\nX: {}\r\n\r\n", "x".repeat(1024 * 1024));
    let trailers = format!("b\r\n{{\"ok\":true}}\r\n0\r\n{}\r\n", "X: y\r\n".repeat(10_000));
    for chunks in [
        "g\r\n{\"ok\":true}\r\n0\r\n\r\n",
        "-b\r\n{\"ok\":true}\r\n0\r\n\r\n",
        "0xb\r\n{\"ok\":true}\r\n0\r\n\r\n",
        "\r\n{\"ok\":true}\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\n{\"ok\":true}\r\n0\r\n\r\n",
        "a\r\n{\"ok\":true}\r\n0\r\n\r\n",
        "b\r\n{\"ok\":true}0\r\n\r\n",
        "b\r\n{\"ok\":true}\r\n",
        "b\r\n{\"ok\":true}\r\n0\r\n",
        "b\r\n{\"ok\":tr",
        "7fffffffffffffff\r\n{\"ok\":true}",
        &extension,
        &trailer,
        &trailers,
    ] {
        assert_cut_off(Server::closing(chunked(chunks)), chunks).await;
    }
}

// threats 74
#[tokio::test]
async fn endless_body_stops_at_the_limit() {
    let megabyte = format!("100000\r\n{}\r\n", "x".repeat(1024 * 1024));
    for (beginning, rest) in [
        (chunked(""), "1\r\nx\r\n"),
        (chunked(""), "40\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"),
        (chunked(""), &megabyte),
        (chunked("7fffffffffffffff\r\n"), "x"),
        (format!("{OK}Content-Length: 9223372036854775808\r\n\r\n"), "x"),
        (format!("{OK}Content-Length: 65537\r\n\r\n"), "x"),
        (format!("{OK}\r\n"), "x"),
        ("HTTP/1.0 500 \r\n\r\n".to_owned(), "x"),
    ] {
        let error = send(&Server::flooding(beginning.as_str(), rest)).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 65_536, .. }), "{beginning}: {error:?}");
    }
}
