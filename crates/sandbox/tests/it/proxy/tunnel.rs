use std::io::Write as _;
use std::net::TcpStream;

use sandbox::{Proxy, Scenario};

use super::{
    ESTABLISHED, SOON, TO_THE_ISSUER, connect, exactly, http_to, proxy, request_jwks, rest,
};
use crate::client::sandbox;

/// A tunnel to the sandbox.
fn tunnel(proxy: &Proxy) -> TcpStream {
    let mut stream = connect(proxy);
    stream.write_all(TO_THE_ISSUER.as_bytes()).unwrap();
    assert_eq!(exactly(&mut stream, ESTABLISHED.len()), ESTABLISHED.as_bytes());
    stream
}

#[test]
fn http_tunnel_resolves_the_requested_host() {
    let sandbox = sandbox(Scenario::default());
    let proxy = proxy(http_to(&sandbox));
    let mut stream = tunnel(&proxy);
    request_jwks(&mut stream);
    assert!(rest(&mut stream).0.starts_with(b"HTTP/1.1 200 OK\r\n"));
    let request = proxy.wait_for_requests_blocking(1, SOON).unwrap().remove(0);
    assert_eq!(request.target, "issuer.test:443");
    assert_eq!(request.authorization, None);
    assert_eq!(request.head, TO_THE_ISSUER.as_bytes());
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn data_sent_with_the_connect_request_is_forwarded() {
    let sandbox = sandbox(Scenario::default());
    let proxy = proxy(http_to(&sandbox));
    let mut stream = connect(&proxy);
    let request = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("{TO_THE_ISSUER}{request}").as_bytes()).unwrap();
    assert_eq!(exactly(&mut stream, ESTABLISHED.len()), ESTABLISHED.as_bytes());
    assert!(rest(&mut stream).0.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(proxy.requests()[0].head, TO_THE_ISSUER.as_bytes());
}
