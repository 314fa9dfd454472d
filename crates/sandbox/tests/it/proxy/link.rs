use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use sandbox::{Link, Proxy, ProxyConduct, ProxyScenario, Sandbox, Scenario};

use super::{
    ESTABLISHED, SOON, TO_THE_ISSUER, ask, connect, exactly, http_to, proxy, request_jwks, rest,
};
use crate::client::sandbox;

/// A tunnel to the sandbox, whose next bytes are its own.
fn tunnel(proxy: &Proxy) -> TcpStream {
    let mut stream = connect(proxy);
    stream.write_all(TO_THE_ISSUER.as_bytes()).unwrap();
    assert_eq!(exactly(&mut stream, ESTABLISHED.len()), ESTABLISHED.as_bytes());
    stream
}

/// A link of this kind, and what the sandbox's answer is without it.
fn over(link: Link) -> (Sandbox, Proxy, Vec<u8>) {
    let sandbox = sandbox(Scenario { now: Some(0), ..Scenario::default() });
    let honest = proxy(http_to(&sandbox));
    let mut stream = tunnel(&honest);
    request_jwks(&mut stream);
    let (whole, end) = rest(&mut stream);
    assert!(whole.starts_with(b"HTTP/1.1 200 OK\r\n") && whole.ends_with(b"}"));
    assert_eq!(end, None);
    let faulty = proxy(ProxyScenario { link, ..http_to(&sandbox) });
    (sandbox, faulty, whole)
}

/// The date in an answer may change between two of them.
#[track_caller]
fn assert_begins(got: &[u8], whole: &[u8], length: usize) {
    assert_eq!(got.len(), length);
    assert_eq!(got[..15], whole[..15]);
}

#[test]
fn a_tunnel_leads_to_the_address_of_the_name_and_counts_what_it_carries() {
    let (_sandbox, proxy, whole) = over(Link::Open);
    let mut stream = tunnel(&proxy);
    let sent = request_jwks(&mut stream);
    let (got, _) = rest(&mut stream);
    assert_begins(&got, &whole, whole.len());
    assert_eq!((proxy.bytes_up(), proxy.bytes_down()), (sent, whole.len() as u64));
    let request = proxy.wait_for(1, SOON).unwrap().remove(0);
    assert_eq!(request.target, "issuer.test:443");
    assert_eq!(request.authorization, None);
    assert_eq!(request.head, TO_THE_ISSUER.as_bytes());
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn what_is_sent_together_with_the_request_for_a_tunnel_is_not_lost() {
    let (_sandbox, proxy, whole) = over(Link::Open);
    let mut stream = connect(&proxy);
    let request = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("{TO_THE_ISSUER}{request}").as_bytes()).unwrap();
    assert_eq!(exactly(&mut stream, ESTABLISHED.len()), ESTABLISHED.as_bytes());
    let (got, _) = rest(&mut stream);
    assert_begins(&got, &whole, whole.len());
    assert_eq!(proxy.requests()[0].head, TO_THE_ISSUER.as_bytes());
}

#[test]
fn a_tunnel_is_cut_or_reset_at_a_byte() {
    let (_sandbox, proxy, whole) = over(Link::Cut { after: 100 });
    let mut stream = tunnel(&proxy);
    request_jwks(&mut stream);
    let (got, end) = rest(&mut stream);
    assert_begins(&got, &whole, 100);
    assert_eq!(end, None);

    let (_sandbox, proxy, whole) = over(Link::Reset { after: 100 });
    let mut stream = tunnel(&proxy);
    request_jwks(&mut stream);
    let (got, end) = rest(&mut stream);
    assert_begins(&got, &whole, 100);
    assert_eq!(end, Some(ErrorKind::ConnectionReset));
}

#[test]
fn a_stalled_tunnel_moves_no_more_until_the_proxy_stops() {
    let (_sandbox, proxy, whole) = over(Link::Stall { after: 100 });
    let mut stream = tunnel(&proxy);
    request_jwks(&mut stream);
    assert_begins(&exactly(&mut stream, 100), &whole, 100);
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(proxy.bytes_down(), 100);
    drop(proxy);
    stream.set_nonblocking(false).unwrap();
    assert_eq!(rest(&mut stream).0, b"");
}

#[test]
fn a_slow_tunnel_carries_everything_piece_by_piece() {
    let delay = Duration::from_millis(1);
    let (_sandbox, proxy, whole) = over(Link::Slow { piece: 100, delay });
    let mut stream = tunnel(&proxy);
    let begun = Instant::now();
    request_jwks(&mut stream);
    let (got, _) = rest(&mut stream);
    assert_begins(&got, &whole, whole.len());
    assert!(begun.elapsed() >= delay * u32::try_from(whole.len() / 100).unwrap());
}

#[test]
fn a_relay_leads_everybody_to_one_address() {
    let sandbox = sandbox(Scenario::default());
    let to = sandbox.issuer_address();
    let relay = proxy(ProxyScenario { link: Link::Cut { after: 9 }, ..ProxyScenario::relay(to) });
    let mut stream = connect(&relay);
    request_jwks(&mut stream);
    assert_eq!(rest(&mut stream), (b"HTTP/1.1 ".to_vec(), None));
    assert_eq!(relay.requests()[0].target, to.to_string());

    let conduct = ProxyConduct::Answer(b"no TLS here".to_vec());
    let relay = proxy(ProxyScenario { conduct, ..ProxyScenario::relay(to) });
    assert_eq!(ask(&relay, b"hello"), b"no TLS here");
    relay.wait_for_ends(1, SOON).unwrap();
    assert_eq!((relay.bytes_up(), sandbox.connections()), (5, 1));
}
