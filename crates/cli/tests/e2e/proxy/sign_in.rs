use sandbox::{Proxy, ProxyLogin, ProxyScenario};

use super::{Behind, ISSUER};
use crate::support::{Start, StoredSignIn};

const PASSWORD: &str = "hunter2-p@ssword";

/// The percent-encoded password.
const LOGIN: &str = "ada:hunter2-p%40ssword@";

// threats 203
#[test]
fn both_sign_ins_work_through_every_kind_of_proxy() {
    for (scenario, scheme) in
        [(ProxyScenario::http(), "http"), (ProxyScenario::socks5(), "socks5h")]
    {
        for login in [None, Some(ProxyLogin::new("ada", PASSWORD))] {
            let given = if login.is_some() { LOGIN } else { "" };
            let behind = Behind::new(ProxyScenario { login, ..scenario.clone() });
            behind.world.register_secret(PASSWORD);
            let url = behind.url(scheme, given);
            for start in [behind.login(), behind.create_key()] {
                let start = start.arg("--ca-file").arg(behind.world.ca_file());
                behind.signs_in(start.with_trace_log().env("HTTPS_PROXY", &url)).exits(0);
            }
            assert!(behind.proxy.requests().iter().all(|it| it.target == "issuer.test:443"));
            assert!(!behind.proxy.requests().is_empty());
        }
    }
}

// threats 203
#[test]
fn proxy_variables_have_the_precedence_of_curl() {
    let right = Behind::new(ProxyScenario::http());
    let wrong = Proxy::start_in_thread(ProxyScenario::http()).unwrap();
    StoredSignIn::new(&right.world, -60).stored(&right.world);
    let (right_url, wrong_url) = (right.url("http", ""), format!("http://{}", wrong.address()));
    let order = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    for (place, first) in order.iter().enumerate() {
        let refresh = refresh(&right).env(first, &right_url);
        let later = &order[place + 1..];
        later.iter().fold(refresh, |it, later| it.env(later, &wrong_url)).run().exits(0);
    }
    assert!(wrong.requests().is_empty());
}

/// `HTTP_PROXY` applies to plain http, which is for loopback only. In a CGI program it can come
/// from the `Proxy` header of a request (CVE-2016-5385).
// threats 203
#[test]
fn http_proxy_variable_is_ignored() {
    let behind = Behind::new(ProxyScenario::http());
    StoredSignIn::new(&behind.world, -60).stored(&behind.world);
    let url = behind.url("http", "");
    let start = refresh(&behind).env("REQUEST_METHOD", "GET");
    start.env("HTTP_PROXY", &url).env("http_proxy", &url).run().exits(1);
    assert_eq!(behind.proxy.connections(), 0);
}

// threats 203
#[test]
fn no_proxy_hosts_skip_the_proxy() {
    let behind = Behind::new(ProxyScenario::http());
    StoredSignIn::new(&behind.world, -60).stored(&behind.world);
    let url = behind.url("http", "");
    for list in ["*", "issuer.test", ".test", "other.example, issuer.test", "ISSUER.TEST"] {
        let start = refresh(&behind).env("HTTPS_PROXY", &url).env("NO_PROXY", list);
        start.run().exits(1).says("cannot find the address of issuer.test");
    }
    assert_eq!(behind.proxy.connections(), 0);
    for list in ["", "other.test", "suer.test", "10.0.0.0/8"] {
        refresh(&behind).env("HTTPS_PROXY", &url).env("NO_PROXY", list).run().exits(0);
    }
}

// threats 203
#[cfg(unix)]
#[test]
fn non_unicode_no_proxy_entry_keeps_the_others() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let behind = Behind::new(ProxyScenario::http());
    StoredSignIn::new(&behind.world, -60).stored(&behind.world);
    let list = OsString::from_vec(b"\xff.test,issuer.test".to_vec());
    let start = refresh(&behind).env("HTTPS_PROXY", behind.url("http", "")).env("NO_PROXY", list);
    start.run().exits(1).says("cannot find the address of issuer.test");
    assert_eq!(behind.proxy.connections(), 0);
}

fn refresh(behind: &Behind) -> Start<'_> {
    let start = Start::new(&behind.world, "refresh").args(["--issuer", ISSUER]);
    start.arg("--ca-file").arg(behind.world.ca_file())
}
