//! The policy against a real server on loopback: requests, errors and messages.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use http_client::{BaseUrl, Error, HttpClient, Options, Phase};
use sandbox::{Endpoint, Fault, Sandbox, Scenario, Then};

/// Long enough for anything on loopback, and short enough to wait for in a test.
const SOON: Duration = Duration::from_millis(300);

async fn with(then: Then) -> Sandbox {
    let faults = vec![Fault::new(Endpoint::Organizations, then)];
    Sandbox::start(Scenario { faults, ..Scenario::default() }).await.unwrap()
}

fn base(sandbox: &Sandbox) -> BaseUrl {
    sandbox.api_url().parse().unwrap()
}

async fn ask(sandbox: &Sandbox, options: Options) -> Result<u16, Error> {
    let http = HttpClient::new(options);
    let response =
        http.get(base(sandbox).join("/v1/organizations")).max_body(64 * 1024).send().await?;
    Ok(response.status())
}

fn options() -> Options {
    Options::new("a-test/1.0")
}

fn short_timeouts() -> Options {
    Options { timeout: SOON, ..options() }
}

// threats 76 144
#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = Sandbox::start(Scenario::default()).await.unwrap();
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/v1/organizations", elsewhere.api_url());
        let sandbox = with(Then::Redirect { status, location }).await;
        let error = ask(&sandbox, options()).await.unwrap_err();
        assert!(matches!(error, Error::Redirect { status: got, .. } if got == status), "{error:?}");
    }
    assert_eq!(elsewhere.requests().len(), 0);
}

// threats 74 146
#[tokio::test]
async fn endless_body_stops_at_the_limit() {
    let sandbox = with(Then::Endless).await;
    let error = ask(&sandbox, options()).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 65_536, .. }), "{error:?}");
}

// threats 79
#[tokio::test]
async fn timeout_covers_head_and_body() {
    for (then, expected) in [(Then::Hang, Phase::Response), (Then::Stall { after: 1 }, Phase::Body)]
    {
        assert_eq!(timed_out_phase(then, short_timeouts()).await, expected);
    }
}

// threats 79
#[tokio::test]
async fn silent_body_ends_at_the_idle_timeout() {
    let options = Options { idle_timeout: SOON, ..options() };
    assert_eq!(timed_out_phase(Then::Stall { after: 1 }, options).await, Phase::Rest);
}

// threats 79
#[tokio::test]
async fn silent_handshake_ends_at_the_connect_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}", silent.local_addr().unwrap()).parse::<BaseUrl>().unwrap();
    let http = HttpClient::new(Options { connect_timeout: SOON, ..options() });
    let error = http.get(base.join("/")).send().await.unwrap_err();
    assert!(matches!(error, Error::Timeout { phase: Phase::Connecting, after: SOON, .. }));
    assert!(error.provably_not_sent());
    assert!(error.is_transient());
}

async fn timed_out_phase(then: Then, options: Options) -> Phase {
    let sandbox = with(then).await;
    let begun = Instant::now();
    let error = ask(&sandbox, options).await.unwrap_err();
    assert!(!error.provably_not_sent());
    assert!(begun.elapsed() < 10 * SOON);
    match error {
        Error::Timeout { after: SOON, phase, .. } => phase,
        other => panic!("{other:?}"),
    }
}

// threats 74
#[tokio::test]
async fn truncated_response_may_have_been_processed() {
    for then in [Then::CutOff { after: 3 }, Then::Close, Then::Reset, Then::Lose] {
        let sandbox = with(then).await;
        let error = ask(&sandbox, options()).await.unwrap_err();
        assert!(matches!(error, Error::CutOff { .. }), "{error:?}");
        assert!(!error.provably_not_sent());
    }
}

// threats 77
#[tokio::test]
async fn refused_connection_is_provably_not_sent() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unused: BaseUrl = format!("http://{address}").parse().unwrap();
    let http = HttpClient::new(options());
    let error = http.get(unused.join("/")).send().await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(error.provably_not_sent());
    assert_eq!(error.host(), address.to_string());
    assert_eq!(error.to_string(), format!("cannot connect to {address}"));
    let Error::Connect { source, .. } = &error else { panic!("{error:?}") };
    let refused = source.innermost().downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

// threats 75 149
#[tokio::test]
async fn request_has_no_additional_headers() {
    let sandbox = Sandbox::start(Scenario::default()).await.unwrap();
    ask(&sandbox, options()).await.unwrap();
    let requests = sandbox.requests();
    let mut names: Vec<_> =
        requests[0].headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort();
    assert_eq!(names, ["accept", "host", "user-agent"]);
    assert_eq!(requests[0].header("user-agent"), Some("a-test/1.0"));
}

#[tokio::test]
async fn plain_http_is_refused_except_for_loopback() {
    let http = HttpClient::new(options());
    for url in [
        "http://192.0.2.1/",
        "http://localhost.evil.test/",
        "http://0.0.0.0/",
        "http://[2001:db8::1]/x?y",
    ] {
        let error = http.get(url.parse().unwrap()).send().await.unwrap_err();
        assert!(matches!(error, Error::PlainHttp { .. }) && error.provably_not_sent(), "{error:?}");
    }
}

#[tokio::test]
async fn header_names_are_case_insensitive_and_invalid_headers_are_not_sent() {
    let sandbox = Sandbox::start(Scenario::default()).await.unwrap();
    let http = HttpClient::new(options());
    let ask = |name: &'static str, value: &str| {
        http.get(base(&sandbox).join("/v1/organizations")).header(name, value).send()
    };
    ask("OpenAI-Organization", "org-1").await.unwrap();
    let asked = sandbox.requests();
    assert_eq!(asked[0].header("openai-organization"), Some("org-1"));
    for (name, value) in [("no name", "x"), ("", "x"), ("x", "a\nb")] {
        let error = ask(name, value).await.unwrap_err();
        assert!(matches!(error, Error::InvalidRequest { .. }), "{error:?}");
    }
    assert_eq!(sandbox.requests().len(), 1);
}
