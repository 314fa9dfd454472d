use std::io::{ErrorKind, Read as _, Write as _};
use std::time::Duration;

use sandbox::{Proxy, ProxyConduct, ProxyLogin, ProxyScenario, Scenario};

use super::{ESTABLISHED, SOON, TO_THE_ISSUER, ask, connect, http_to, proxy, rest, unused_address};
use crate::client::sandbox;

fn ask_text(proxy: &Proxy, text: &str) -> String {
    String::from_utf8(ask(proxy, text)).unwrap()
}

#[test]
fn http_proxy_refuses_unknown_hosts_and_methods() {
    let proxy = proxy(ProxyScenario::http().host("down.test", 443, unused_address()));
    for (request, status) in [
        ("CONNECT elsewhere.test:443 HTTP/1.1\r\n\r\n", "502 Bad Gateway"),
        ("CONNECT down.test:80 HTTP/1.1\r\n\r\n", "502 Bad Gateway"),
        ("CONNECT down.test:443 HTTP/1.1\r\n\r\n", "502 Bad Gateway"),
        ("CONNECT 192.0.2.1:443 HTTP/1.1\r\n\r\n", "502 Bad Gateway"),
        ("CONNECT down.test HTTP/1.1\r\n\r\n", "400 Bad Request"),
        ("GET http://down.test/ HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
    ] {
        let response = ask_text(&proxy, request);
        assert!(response.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{request}: {response}");
    }
    assert_eq!(proxy.requests()[5].target, "http://down.test/");
}

#[test]
fn loopback_address_is_allowed_and_host_name_is_case_insensitive() {
    let sandbox = sandbox(Scenario::default());
    let proxy = proxy(http_to(&sandbox));
    let address = sandbox.issuer_address();
    for target in [address.to_string(), "ISSUER.test:443".to_owned()] {
        let response = ask_text(&proxy, &format!("CONNECT {target} HTTP/1.1\r\n\r\n"));
        assert_eq!(response, ESTABLISHED, "{target}");
    }
}

#[test]
fn http_proxy_requires_the_user_name_and_password() {
    let sandbox = sandbox(Scenario::default());
    let login = Some(ProxyLogin::new("Aladdin", "open sesame"));
    let proxy = proxy(ProxyScenario { login, ..http_to(&sandbox) });
    let with = |header: &str| ask_text(&proxy, &TO_THE_ISSUER.replace("\r\n\r\n", header));
    let refused = "HTTP/1.1 407 Proxy Authentication Required\r\n\
        proxy-authenticate: Basic realm=\"sandbox\"\r\n";
    assert!(with("\r\n\r\n").starts_with(refused));
    assert!(with("\r\nProxy-Authorization: Basic Zm9vOmJhcg==\r\n\r\n").starts_with(refused));
    // RFC 7617 §2.
    let right = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    assert_eq!(with(&format!("\r\nproxy-authorization:{right}\r\n\r\n")), ESTABLISHED);
    let requests = proxy.requests();
    assert_eq!(requests[0].authorization, None);
    assert_eq!(requests[2].authorization.as_deref(), Some(right));
    let shown = format!("{requests:?} {:?}", ProxyLogin::new("Aladdin", "open sesame"));
    assert!(!shown.contains("QWxh") && !shown.contains("sesame"), "{shown}");
}

#[test]
fn proxy_returns_the_configured_bytes() {
    for (conduct, expected) in [
        (ProxyConduct::status(407, b""), "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-"),
        (ProxyConduct::status(403, b"<p>"), "HTTP/1.1 403 Forbidden\r\nconnection: close\r\n"),
        (ProxyConduct::status(200, b"junk"), "HTTP/1.1 200 OK\r\n\r\njunk"),
        (ProxyConduct::Respond(b"SSH-2.0-x\r\n".to_vec()), "SSH-2.0-x\r\n"),
    ] {
        let proxy = proxy(ProxyScenario { conduct, ..ProxyScenario::http() });
        let response = ask_text(&proxy, &format!("{TO_THE_ISSUER}hello"));
        assert!(response.starts_with(expected), "{response}");
        assert_eq!(proxy.requests()[0].target, "issuer.test:443");
    }
}

#[test]
fn proxy_can_close_or_hang() {
    let close = |scenario| ProxyScenario { conduct: ProxyConduct::Close, ..scenario };
    assert_eq!(ask(&proxy(close(ProxyScenario::http())), TO_THE_ISSUER), b"");
    assert_eq!(ask(&proxy(close(ProxyScenario::socks5())), [5, 1, 0]), b"");
    let asked =
        [(ProxyScenario::http(), TO_THE_ISSUER.as_bytes()), (ProxyScenario::socks5(), &[5, 1, 0])];
    for (scenario, bytes) in asked {
        let proxy = proxy(ProxyScenario { conduct: ProxyConduct::Hang, ..scenario });
        let mut stream = connect(&proxy);
        stream.write_all(bytes).unwrap();
        proxy.wait_for_requests_blocking(1, SOON).unwrap();
        stream.set_nonblocking(true).unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        drop(proxy);
        stream.set_nonblocking(false).unwrap();
        assert_eq!(rest(&mut stream).0, b"");
    }
}

#[tokio::test]
async fn stopped_proxy_frees_its_port_and_wait_without_requests_times_out() {
    let proxy = Proxy::start(ProxyScenario::http()).await.unwrap();
    let error = proxy.wait_for_requests(1, Duration::ZERO).await.unwrap_err();
    assert!(error.to_string().contains("1 requests to Any were expected"), "{error}");
    let port = proxy.address().port();
    proxy.stop().await;
    Proxy::start(ProxyScenario { port, ..ProxyScenario::http() }).await.unwrap();
}
