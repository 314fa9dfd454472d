use std::net::{Ipv4Addr, TcpListener};

use sandbox::{ProxyConduct, ProxyLogin, ProxyScenario};

use super::{Behind, ISSUER};
use crate::support::{Start, StoredSignIn};

/// What a person is told whose proxy does not let them through, and that nothing is lost.
#[track_caller]
fn is_told(behind: &Behind, url: &str, error: &str, hint: &str) {
    let stored = StoredSignIn::new(&behind.world, -60).stored(&behind.world);
    let start = Start::new(&behind.world, "refresh").args(["--issuer", ISSUER]).logged();
    let finished = start.env("HTTPS_PROXY", url).run();
    let error = format!("cannot refresh the access token: cannot connect to issuer.test {error}");
    finished.exits(1).fails_with(&error, hint);
    assert_eq!(behind.world.auth_json().unwrap(), stored.text());
    assert!(behind.world.sandbox.requests().is_empty());
}

// threats 203
#[test]
fn a_proxy_that_wants_to_know_who_is_there_says_so() {
    let login = Some(ProxyLogin::new("ada", "hunter2-password"));
    let behind = Behind::of(ProxyScenario { login, ..ProxyScenario::http() });
    for given in ["", "ada:hunter3-password@"] {
        behind.world.plant("hunter3-password");
        let place = behind.proxy.address();
        is_told(
            &behind,
            &behind.url("http", given),
            &format!("through the proxy {place}: it wants a user name and a password (HTTP 407)"),
            "write HTTPS_PROXY as http://USER:PASSWORD@PROXY:PORT, with %40 for an @ in them",
        );
    }
}

// threats 203
#[test]
fn a_proxy_that_forbids_says_so() {
    let conduct = ProxyConduct::status(403, b"<html>blocked by policy</html>");
    let behind = Behind::of(ProxyScenario { conduct, ..ProxyScenario::http() });
    let place = behind.proxy.address();
    is_told(
        &behind,
        &behind.url("http", ""),
        &format!("through the proxy {place}: it refuses (HTTP 403)"),
        "ask whoever runs the proxy to let issuer.test through, or add it to NO_PROXY if it can be \
         reached without",
    );
}

// threats 203
#[test]
fn a_proxy_that_is_not_there_is_named_without_its_password() {
    let behind = Behind::of(ProxyScenario::http());
    behind.world.plant("hunter2-password");
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    is_told(
        &behind,
        &format!("http://ada:hunter2-password@{nobody}"),
        &format!(
            "through the proxy {nobody}: the proxy cannot be reached: Connection refused (os error 111)"
        ),
        "check the proxy in HTTPS_PROXY, or unset it if this network has none",
    );
}
