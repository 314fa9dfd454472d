use std::io::Write as _;

use sandbox::{ProxyConduct, ProxyLogin, ProxyScenario, Sandbox, Scenario};

use super::{ask, connect, exactly, proxy, request_jwks, rest, unused_address};
use crate::client::sandbox;

fn socks5_to(sandbox: &Sandbox) -> ProxyScenario {
    ProxyScenario::socks5().host("issuer.test", 443, sandbox.issuer_address())
}

fn socks_request(address: &[u8], port: u16) -> Vec<u8> {
    [&[5, 1, 0], address, &port.to_be_bytes()].concat()
}

fn named(name: &str) -> Vec<u8> {
    [&[3, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat()
}

fn socks_reply(code: u8) -> [u8; 10] {
    [5, code, 0, 1, 0, 0, 0, 0, 0, 0]
}

#[test]
fn socks_proxy_accepts_names_and_addresses() {
    let sandbox = sandbox(Scenario::default());
    let proxy = proxy(socks5_to(&sandbox).host("down.test", 443, unused_address()));
    let port = sandbox.issuer_address().port();
    let cases = [
        (named("issuer.test"), 443, 0, "issuer.test:443".to_owned()),
        (vec![1, 127, 0, 0, 1], port, 0, format!("127.0.0.1:{port}")),
        (named("issuer.test"), 80, 4, "issuer.test:80".to_owned()),
        (vec![1, 192, 0, 2, 1], 443, 4, "192.0.2.1:443".to_owned()),
        ([&[4; 1][..], &[0xfd; 16]].concat(), 9, 4, format!("[{}fdfd]:9", "fdfd:".repeat(7))),
        (named("down.test"), 443, 5, "down.test:443".to_owned()),
    ];
    for (number, (address, port, code, target)) in cases.into_iter().enumerate() {
        let said = [&[5, 2, 1, 0][..], &socks_request(&address, port)].concat();
        assert_eq!(ask(&proxy, &said), [&[5, 0][..], &socks_reply(code)].concat(), "{target}");
        let request = proxy.requests().remove(number);
        assert_eq!((request.target, request.head), (target, said));
    }
}

#[test]
fn socks_tunnel_forwards_data() {
    let sandbox = sandbox(Scenario::default());
    let proxy = proxy(socks5_to(&sandbox));
    let mut stream = connect(&proxy);
    stream.write_all(&[5, 1, 0]).unwrap();
    assert_eq!(exactly(&mut stream, 2), [5, 0]);
    stream.write_all(&socks_request(&named("issuer.test"), 443)).unwrap();
    assert_eq!(exactly(&mut stream, 10), socks_reply(0));
    request_jwks(&mut stream);
    assert!(rest(&mut stream).0.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

#[test]
fn socks_proxy_requires_the_user_name_and_password() {
    let sandbox = sandbox(Scenario::default());
    let login = Some(ProxyLogin::new("user", "secret"));
    let proxy = proxy(ProxyScenario { login, ..socks5_to(&sandbox) });
    let tunnel = socks_request(&named("issuer.test"), 443);
    let with = |password: &str| {
        let length = u8::try_from(password.len()).unwrap();
        let said = [&[5, 1, 2, 1, 4][..], b"user", &[length], password.as_bytes(), &tunnel];
        ask(&proxy, said.concat())
    };
    assert_eq!(with("wrong"), [5, 2, 1, 1]);
    assert_eq!(with("secret"), [&[5, 2, 1, 0][..], &socks_reply(0)].concat());
    assert_eq!(ask(&proxy, [5, 1, 0]), [5, 0xff]);
    let requests = proxy.requests();
    assert_eq!(requests[0].target, "");
    assert_eq!(requests[1].authorization.as_deref(), Some("user:secret"));
}

#[test]
fn socks_proxy_refuses_configured_requests_and_unknown_commands() {
    let sandbox = sandbox(Scenario::default());
    let conduct = ProxyConduct::reply(2, b"junk");
    let forbidding = proxy(ProxyScenario { conduct, ..socks5_to(&sandbox) });
    let said = [&[5, 1, 0][..], &socks_request(&named("issuer.test"), 443)].concat();
    assert_eq!(ask(&forbidding, said), [&[5, 0][..], &socks_reply(2), b"junk"].concat());

    let proxy = proxy(socks5_to(&sandbox));
    assert_eq!(ask(&proxy, [5, 1, 0, 5, 2, 0, 1, 127, 0, 0, 1, 0, 9])[3], 7);
    assert_eq!(ask(&proxy, [5, 1, 0, 5, 1, 0, 9])[3], 8);
}
