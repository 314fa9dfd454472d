use std::net::{Ipv4Addr, TcpListener};

use sandbox::{ProxyConduct, ProxyLogin, ProxyScenario};

use super::{Behind, ISSUER};
use crate::support::{Start, StoredSignIn};

/// The error, its hint, and an unchanged sign-in.
#[track_caller]
fn assert_error(behind: &Behind, url: &str, error: &str, hint: &str) {
    let stored = StoredSignIn::new(&behind.world, -60).stored(&behind.world);
    let start = Start::new(&behind.world, "refresh").args(["--issuer", ISSUER]).with_trace_log();
    let finished = start.env("HTTPS_PROXY", url).run();
    let error = format!("cannot refresh the access token: cannot connect to issuer.test {error}");
    finished.exits(1).fails_with(&error, hint);
    assert_eq!(behind.world.auth_json().unwrap(), stored.text());
    assert!(behind.world.sandbox.requests().is_empty());
}

const ESCAPES: &str = "an @ in them is written as %40, a : as %3A, a / as %2F";

// threats 203
#[test]
fn proxy_that_requires_a_password_is_reported() {
    let unknown = ("it wants a user name and a password", "put USER:PASSWORD@ before its host");
    let wrong =
        ("it does not accept this user name and password", "check the user name and password");
    for (kind, scheme) in [(ProxyScenario::http(), "http"), (ProxyScenario::socks5(), "socks5h")] {
        let login = Some(ProxyLogin::new("ada", "hunter2-password"));
        let behind = Behind::new(ProxyScenario { login, ..kind });
        behind.world.register_secret("hunter3-password");
        let place = behind.proxy.address();
        for (given, (why, advice)) in [("", unknown), ("ada:hunter3-password@", wrong)] {
            assert_error(
                &behind,
                &behind.url(scheme, given),
                &format!("through the proxy {place}: {why}"),
                &format!("{advice} in HTTPS_PROXY; {ESCAPES}"),
            );
        }
    }
}

// threats 203
#[test]
fn proxy_refusal_is_shown_with_a_hint() {
    let hint = "if this network has a sign-in page, open it in a browser first; otherwise ask the \
                administrator of the proxy to let issuer.test through, or add it to NO_PROXY if it can \
                be reached without";
    let forbidden = ProxyConduct::status(403, b"<html>blocked by policy</html>");
    let not_allowed = ProxyConduct::reply(2, b"");
    for (kind, scheme, conduct, reason) in [
        (ProxyScenario::http(), "http", forbidden, ""),
        (ProxyScenario::socks5(), "socks5h", not_allowed, " (connection not allowed)"),
    ] {
        let behind = Behind::new(ProxyScenario { conduct, ..kind });
        let place = behind.proxy.address();
        let error = format!("through the proxy {place}: it refuses the connection{reason}");
        assert_error(&behind, &behind.url(scheme, ""), &error, hint);
    }
}

/// With `socks5://`, the program resolves the name, which only the proxy knows.
// threats 203
#[test]
fn name_known_only_to_the_proxy_needs_socks5h() {
    let behind = Behind::new(ProxyScenario::socks5());
    StoredSignIn::new(&behind.world, -60).stored(&behind.world);
    let place = behind.proxy.address();
    let start = Start::new(&behind.world, "refresh").args(["--issuer", ISSUER]);
    let finished = start.env("ALL_PROXY", behind.url("socks5", "")).run();
    finished
        .exits(1)
        .says(&format!(
            "through the proxy {place}: this machine cannot find its address, and did not ask the \
             proxy: "
        ))
        .says("\nhint: use socks5h:// in ALL_PROXY, so that the proxy resolves host names\n");
}

// threats 203
#[test]
fn missing_proxy_is_shown_without_its_password() {
    let behind = Behind::new(ProxyScenario::http());
    behind.world.register_secret("hunter2-password");
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    assert_error(
        &behind,
        &format!("http://ada:hunter2-password@{nobody}"),
        &format!(
            "through the proxy {nobody}: the proxy cannot be reached: Connection refused (os error 111)"
        ),
        "check the proxy in HTTPS_PROXY, or unset it if this network has none",
    );
}
