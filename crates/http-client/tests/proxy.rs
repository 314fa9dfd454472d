//! Requests through a proxy, and past it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::time::Duration;

use http_client::{
    BadProxy, BaseUrl, CaCertificates, Error, HttpClient, Options, Proxy, ProxyFailure, SetupError,
};
use sandbox::{ProxyConduct, ProxyLogin, ProxyScenario, Sandbox, Scenario, Tls};

fn through(url: &str, no_proxy: Option<&str>) -> Options {
    let proxy = Some(Proxy::new("A_VARIABLE", url, no_proxy));
    Options { proxy, ..Options::new("a-test/1.0") }
}

// threats 203
#[tokio::test]
async fn loopback_bypasses_proxy() {
    let sandbox = Sandbox::start(Scenario::default()).await.unwrap();
    let options = through("http://user:canary@127.0.0.1:9", Some("example.com"));
    assert!(!format!("{options:?}").contains("canary"));
    let http = HttpClient::new(options.clone());
    http.check().unwrap();
    assert!(!format!("{http:?}").contains("canary"));
    let url = format!("{}/v1/organizations", sandbox.api_url()).parse().unwrap();
    assert_eq!(HttpClient::new(options).get(url).send().await.unwrap().status(), 401);
}

// threats 203
#[test]
fn invalid_proxy_url_is_refused_without_showing_its_password() {
    let scheme = |name: &str| BadProxy::Scheme(name.to_owned());
    for (url, expected) in [
        ("http://user:canary@[", BadProxy::NotAUrl),
        ("http://", BadProxy::NotAUrl),
        (":", BadProxy::NotAUrl),
        ("http://ada:x@canary/y@proxy.test:3128", BadProxy::NotAUrl),
        ("http://ada:12345/canary@proxy.test", BadProxy::NotAUrl),
        ("http://ada:canary?@proxy.test", BadProxy::NotAUrl),
        ("http://ada:canary#@proxy.test", BadProxy::NotAUrl),
        ("canary:x@proxy.test://", BadProxy::NotAUrl),
        ("http://ada:canary@prox\u{fd}.test:3128", BadProxy::HostName),
        ("socks://user:canary@127.0.0.1:1080", scheme("socks")),
        ("ftp://proxy.test", scheme("ftp")),
    ] {
        let error = HttpClient::new(through(url, None)).check().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        match error {
            SetupError::Proxy { named_by: "A_VARIABLE", source } => assert_eq!(source, expected),
            other => panic!("{url}: {other:?}"),
        }
    }
}

// threats 203
#[test]
fn proxy_name_is_its_host_and_port() {
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

/// A server that is reachable only through the proxy, as `issuer.test`.
struct Network {
    sandbox: Sandbox,
    proxy: sandbox::Proxy,
    ca: tempfile::NamedTempFile,
}

const ISSUER: &str = "https://issuer.test";

impl Network {
    async fn behind(proxy: ProxyScenario) -> Self {
        let issuer = Some(ISSUER.to_owned());
        let scenario = Scenario { tls: Tls::On, issuer, ..Scenario::default() };
        let sandbox = Sandbox::start(scenario).await.unwrap();
        let listener =
            sandbox.issuer_url().trim_start_matches("https://").replace("localhost", "127.0.0.1");
        let proxy = proxy.host("issuer.test", 443, listener.parse().unwrap());
        let proxy = sandbox::Proxy::start(proxy).await.unwrap();
        let mut ca = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut ca, sandbox.ca_pem().unwrap().as_bytes()).unwrap();
        Self { sandbox, proxy, ca }
    }

    fn client(&self, scheme: &str, login: &str) -> HttpClient {
        let url = format!("{scheme}://{login}{}", self.proxy.address());
        let extra_ca_certificates = Some(CaCertificates::file("A_FILE", self.ca.path()));
        HttpClient::new(Options { extra_ca_certificates, ..through(&url, None) })
    }

    async fn ask(&self, scheme: &str, login: &str) -> Result<u16, Error> {
        let url = base().join("/v1/organizations");
        Ok(self.client(scheme, login).get(url).send().await?.status())
    }

    /// The error of the proxy.
    async fn proxy_failure(&self, scheme: &str, login: &str) -> ProxyFailure {
        let error = self.ask(scheme, login).await.unwrap_err();
        assert!(error.provably_not_sent());
        assert!(self.sandbox.requests().is_empty());
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        match error {
            Error::Proxy { host, proxy, named_by, source } => {
                let place = self.proxy.address().to_string();
                assert_eq!((&*host, proxy, named_by), ("issuer.test", place, "A_VARIABLE"));
                source
            }
            other => panic!("{other:?}"),
        }
    }
}

fn base() -> BaseUrl {
    ISSUER.parse().unwrap()
}

// threats 203
#[tokio::test]
async fn http_and_socks5_proxies_work_with_and_without_login() {
    for (scenario, scheme) in
        [(ProxyScenario::http(), "http"), (ProxyScenario::socks5(), "socks5h")]
    {
        for login in [None, Some(ProxyLogin::new("us@er", "canary-password"))] {
            let given = if login.is_some() { "us%40er:canary-password@" } else { "" };
            let network = Network::behind(ProxyScenario { login, ..scenario.clone() }).await;
            assert_eq!(network.ask(scheme, given).await.unwrap(), 401, "{scheme} {given}");
            let asked = network.proxy.requests();
            assert_eq!(asked.len(), 1);
            assert_eq!(asked[0].target, "issuer.test:443");
        }
    }
}

// threats 203
#[tokio::test]
async fn missing_or_wrong_proxy_password_is_reported() {
    let login = Some(ProxyLogin::new("user", "canary-password"));
    for (scenario, scheme, given, words) in [
        (ProxyScenario::http(), "http", "", "it wants a user name and a password"),
        (
            ProxyScenario::http(),
            "http",
            "user:canary-wrong@",
            "it does not accept this user name and password",
        ),
        (ProxyScenario::socks5(), "socks5h", "", "it wants a user name and a password"),
        (
            ProxyScenario::socks5(),
            "socks5h",
            "user:canary-wrong@",
            "it does not accept this user name and password",
        ),
    ] {
        let network = Network::behind(ProxyScenario { login: login.clone(), ..scenario }).await;
        assert_eq!(network.proxy_failure(scheme, given).await.to_string(), words);
    }
}

/// Sending a wrong password repeatedly may lock the account. A proxy may close the connection instead
/// of a refusal.
// threats 203
#[tokio::test]
async fn refused_proxy_password_is_sent_once() {
    let login = Some(ProxyLogin::new("user", "canary-password"));
    for (scenario, scheme) in
        [(ProxyScenario::http(), "http"), (ProxyScenario::socks5(), "socks5h")]
    {
        for (conduct, given, connections) in [
            (ProxyConduct::Normal, "user:canary-wrong@", 1),
            (ProxyConduct::Close, "user:canary-wrong@", 1),
            (ProxyConduct::Close, "", 2),
        ] {
            let login = login.clone();
            let network =
                Network::behind(ProxyScenario { login, conduct, ..scenario.clone() }).await;
            let http = network.client(scheme, given);
            let ask = || http.get(base().join("/")).send();
            let error = http_client::retry_if_not_sent(ask).await.unwrap_err();
            assert_eq!(network.proxy.connections(), connections, "{scheme} {given}");
            assert_eq!(error.is_proxy_authentication_error(), connections == 1, "{error:?}");
        }
    }
}

// threats 203
#[tokio::test]
async fn proxy_that_refuses_the_connection_is_reported() {
    for status in [403, 502, 503] {
        let conduct = ProxyConduct::status(status, b"<html>blocked</html>");
        let network = Network::behind(ProxyScenario { conduct, ..ProxyScenario::http() }).await;
        let why = network.proxy_failure("http", "").await;
        assert!(matches!(why, ProxyFailure::Refused { .. }), "{why:?}");
    }
}

// threats 203
#[tokio::test]
async fn proxy_that_closes_or_sends_garbage_is_reported() {
    for (scenario, scheme) in
        [(ProxyScenario::http(), "http"), (ProxyScenario::socks5(), "socks5h")]
    {
        let network =
            Network::behind(ProxyScenario { conduct: ProxyConduct::Close, ..scenario }).await;
        let why = network.proxy_failure(scheme, "").await;
        assert!(matches!(why, ProxyFailure::Broken { .. }), "{why:?}");
    }
    let conduct = ProxyConduct::Respond(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec());
    let network = Network::behind(ProxyScenario { conduct, ..ProxyScenario::http() }).await;
    let why = network.proxy_failure("http", "").await;
    assert!(matches!(why, ProxyFailure::Refused { .. }), "{why:?}");
}

// threats 203
#[tokio::test]
async fn unreachable_proxy_is_named() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let http = HttpClient::new(through(&format!("http://{unused}"), None));
    let error = http.get(base().join("/")).send().await.unwrap_err();
    let words = format!("cannot connect to issuer.test through the proxy {unused}");
    assert_eq!(error.to_string(), words);
    let unreachable =
        |it: &Error| matches!(it, Error::Proxy { source: ProxyFailure::Unreachable(_), .. });
    assert!(unreachable(&error), "{error:?}");
}

// threats 79 203
#[tokio::test]
async fn silent_proxy_times_out() {
    let conduct = ProxyConduct::Hang;
    let network = Network::behind(ProxyScenario { conduct, ..ProxyScenario::http() }).await;
    let connect_timeout = Duration::from_millis(300);
    let options = through(&format!("http://{}", network.proxy.address()), None);
    let http = HttpClient::new(Options { connect_timeout, ..options });
    let error = http.get(base().join("/")).send().await.unwrap_err();
    assert!(error.is_timeout());
    let is_timeout =
        |it: &Error| matches!(it, Error::Proxy { source: ProxyFailure::TimedOut { .. }, .. });
    assert!(is_timeout(&error), "{error:?}");
}

// threats 203
#[tokio::test]
async fn proxy_that_cannot_reach_the_server_is_reported() {
    let elsewhere: BaseUrl = "https://elsewhere.test".parse().unwrap();
    for (scenario, scheme, words) in [
        (ProxyScenario::http(), "http", "it refuses the connection"),
        (ProxyScenario::socks5(), "socks5h", "it refuses the connection (host unreachable)"),
    ] {
        let network = Network::behind(scenario).await;
        let error = network.client(scheme, "").get(elsewhere.join("/")).send().await.unwrap_err();
        let Error::Proxy { source, .. } = error else { panic!("{error:?}") };
        assert_eq!(source.to_string(), words);
    }
}

/// A `socks5` proxy requires an address, so a name that only the proxy can resolve fails.
// threats 203
#[tokio::test]
async fn failed_local_name_resolution_is_a_separate_error() {
    let network = Network::behind(ProxyScenario::socks5()).await;
    let why = network.proxy_failure("socks5", "").await;
    assert!(matches!(why, ProxyFailure::UnresolvedHere(_)), "{why:?}");
}

// threats 203
#[tokio::test]
async fn no_proxy_star_disables_the_proxy() {
    let network = Network::behind(ProxyScenario::http()).await;
    let url = format!("http://{}", network.proxy.address());
    let connect_timeout = Duration::from_millis(50);
    let options = Options { connect_timeout, ..through(&url, Some("*")) };
    let nowhere: BaseUrl = "https://192.0.2.1".parse().unwrap();
    HttpClient::new(options).get(nowhere.join("/")).send().await.unwrap_err();
    assert_eq!(network.proxy.connections(), 0);
}

#[tokio::test]
async fn probe_reports_proxy_addresses_connection_and_response() {
    let network = Network::behind(ProxyScenario::http()).await;
    let probe = network.client("http", "").probe(&base()).await.unwrap();
    assert_eq!(probe.proxy, Some(network.proxy.address().to_string()));
    assert_eq!(probe.addresses.unwrap(), [network.proxy.address()]);
    probe.connected.unwrap().unwrap();
    let response = probe.response.unwrap().unwrap();
    assert!(response.date().is_some());
    let asked = network.sandbox.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!((&*asked[0].method, asked[0].header("authorization")), ("HEAD", None));

    let direct = HttpClient::new(Options::new("a-test/1.0"));
    let probe = direct.probe(&network.sandbox.api_url().parse().unwrap()).await.unwrap();
    assert_eq!(probe.proxy, None);
    probe.connected.unwrap().unwrap();
    assert!(matches!(probe.response.unwrap().unwrap_err(), Error::Tls { .. }));
}
