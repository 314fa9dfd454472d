//! The way through a proxy, and past it.

use http_client::{BadProxy, HttpClient, Options, Proxy, SetupError};
use sandbox::{Sandbox, Scenario};

fn through(url: &str, no_proxy: Option<&str>) -> Options {
    let proxy = Some(Proxy::new("A_VARIABLE", url, no_proxy));
    Options { proxy, ..Options::new("a-test/1.0") }
}

// threats 203
#[tokio::test]
async fn loopback_is_never_behind_a_proxy() {
    let sandbox = Sandbox::start(Scenario::default()).await.unwrap();
    let options = through("http://user:canary@127.0.0.1:9", Some("example.com"));
    assert!(!format!("{options:?}").contains("canary"));
    let url = format!("{}/v1/organizations", sandbox.api_url()).parse().unwrap();
    assert_eq!(HttpClient::new(options).get(url).send().await.unwrap().status(), 401);
}

// threats 203
#[test]
fn a_proxy_that_cannot_be_one_is_refused_without_its_password() {
    let scheme = |name: &str| BadProxy::Scheme(name.to_owned());
    for (url, expected) in [
        ("http://user:canary@[", BadProxy::NotAUrl),
        ("http://", BadProxy::NotAUrl),
        (":", BadProxy::NotAUrl),
        ("socks://user:canary@127.0.0.1:1080", scheme("socks")),
        ("ftp://proxy.test", scheme("ftp")),
    ] {
        let error = HttpClient::new(through(url, None)).check().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        match error {
            SetupError::Proxy { named_by: "A_VARIABLE", source } => assert_eq!(source, expected),
            other => unreachable!("{url}: {other:?}"),
        }
    }
}

// threats 203
#[test]
fn a_proxy_is_named_by_its_host_and_port_alone() {
    for (url, host) in [
        ("http://user:canary@proxy.test:3128/", "proxy.test:3128"),
        ("proxy.test:3128", "proxy.test:3128"),
        ("socks5h://[::1]:1080", "[::1]:1080"),
        (" https://proxy.test ", "proxy.test"),
    ] {
        assert_eq!(Proxy::new("A_VARIABLE", url, None).host().unwrap(), host, "{url}");
        HttpClient::new(through(url, None)).check().unwrap();
    }
}
