//! The policy against a real server on loopback: what is sent, what is refused, and what is said.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use http_client::{BaseUrl, Error, HttpClient, Options, Proxy, SetupError, TlsFailure};
use sandbox::{Defect, Endpoint, Fault, Sandbox, Scenario, Then, Tls};

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
    let http = HttpClient::new(options).unwrap();
    let answer =
        http.get(base(sandbox).join("/v1/organizations")).max_body(64 * 1024).send().await?;
    Ok(answer.status())
}

fn options() -> Options {
    Options::new("a-test/1.0")
}

fn hurried() -> Options {
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
async fn a_body_without_an_end_is_cut_at_the_cap() {
    let sandbox = with(Then::Endless).await;
    let error = ask(&sandbox, options()).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 65_536, .. }), "{error:?}");
}

// threats 79
#[tokio::test]
async fn the_deadline_holds_for_the_head_and_for_the_last_byte() {
    for then in [Then::Hang, Then::Stall { after: 1 }] {
        let sandbox = with(then).await;
        let begun = Instant::now();
        let error = ask(&sandbox, hurried()).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { after: SOON, .. }), "{error:?}");
        assert!(!error.provably_not_sent());
        assert!(begun.elapsed() < 10 * SOON);
    }
}

// threats 74
#[tokio::test]
async fn an_answer_that_ends_early_may_have_been_acted_on() {
    for then in [Then::CutOff { after: 3 }, Then::Close, Then::Reset, Then::Lose] {
        let sandbox = with(then).await;
        let error = ask(&sandbox, options()).await.unwrap_err();
        assert!(matches!(error, Error::CutOff { .. }), "{error:?}");
        assert!(!error.provably_not_sent());
    }
}

// threats 77
#[tokio::test]
async fn a_refused_connection_provably_sent_nothing() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody: BaseUrl = format!("http://{address}").parse().unwrap();
    let http = HttpClient::new(options()).unwrap();
    let error = http.get(nobody.join("/")).send().await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(error.provably_not_sent());
    assert_eq!(error.host(), address.to_string());
    assert_eq!(error.to_string(), format!("cannot connect to {address}"));
    let Error::Connect { source, .. } = &error else { panic!("{error:?}") };
    let refused = source.innermost().downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

fn trusting(pem: &str) -> (tempfile::TempDir, Options) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    #[expect(clippy::disallowed_methods, reason = "a certificate is no secret")]
    std::fs::write(&path, pem).unwrap();
    (folder, Options { ca_file: Some(path), ..options() })
}

#[tokio::test]
async fn a_ca_file_makes_its_servers_trusted() {
    let sandbox = Sandbox::start(Scenario { tls: Tls::On, ..Scenario::default() }).await.unwrap();
    let (_folder, options) = trusting(sandbox.ca_pem().unwrap());
    let http = HttpClient::new(options).unwrap();
    http.warm_up(&base(&sandbox)).await.unwrap();
    let answer = http.get(base(&sandbox).join("/v1/organizations")).send().await.unwrap();
    // Nobody is signed in here; that there is an answer is the point.
    assert_eq!(answer.status(), 401);
    assert_eq!(sandbox.connections(), 1, "the warm connection is the one that is used");
}

// threats 82
#[tokio::test]
async fn a_bad_certificate_is_named_and_nothing_is_sent() {
    for (defect, expected) in [
        (Defect::Expired, TlsFailure::Expired),
        (Defect::NotYetValid, TlsFailure::NotYetValid),
        (Defect::WrongHost, TlsFailure::WrongName),
        (Defect::UnknownAuthority, TlsFailure::UnknownAuthority),
    ] {
        let scenario = Scenario { tls: Tls::Broken(defect), ..Scenario::default() };
        let sandbox = Sandbox::start(scenario).await.unwrap();
        let (_folder, options) = trusting(sandbox.ca_pem().unwrap());
        match ask(&sandbox, options).await.unwrap_err() {
            Error::Tls { failure, .. } => assert_eq!(failure, expected, "{defect:?}"),
            other => panic!("{defect:?}: {other:?}"),
        }
        assert_eq!(sandbox.requests().len(), 0);
    }
}

// threats 77
#[tokio::test]
async fn tls_that_fails_after_the_request_may_have_delivered_it() {
    for tls in [Tls::On, Tls::Http11] {
        let faults = vec![Fault::new(Endpoint::Organizations, Then::Garble)];
        let scenario = Scenario { tls, faults, ..Scenario::default() };
        let sandbox = Sandbox::start(scenario).await.unwrap();
        let (_folder, options) = trusting(sandbox.ca_pem().unwrap());
        let error = ask(&sandbox, options).await.unwrap_err();
        let Error::CutOff { source, .. } = &error else { panic!("{error:?}") };
        assert!(source.to_string().contains("corrupt message"), "{source:?}");
        assert!(!error.provably_not_sent());
        assert_eq!(sandbox.requests().len(), 1);
    }
}

// threats 203
#[tokio::test]
async fn loopback_is_never_behind_a_proxy() {
    let sandbox = Sandbox::start(Scenario::default()).await.unwrap();
    let proxy = Some(Proxy::new("http://user:canary@127.0.0.1:9", Some("example.com")));
    assert!(!format!("{proxy:?}").contains("canary"));
    assert_eq!(ask(&sandbox, Options { proxy, ..options() }).await.unwrap(), 401);
}

// threats 204
#[test]
fn a_bad_ca_file_is_named_before_anything_is_sent() {
    let (folder, _) = trusting("");
    for name in ["missing.pem", "ca.pem", "."] {
        let path = folder.path().join(name);
        let error = HttpClient::new(Options { ca_file: Some(path.clone()), ..options() });
        assert!(error.unwrap_err().to_string().contains(&*path.to_string_lossy()), "{name}");
    }
}

// threats 204
#[test]
fn a_ca_file_with_a_bad_certificate_is_named_although_it_is_pem() {
    let base64 = |body| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    let unended = "-----BEGIN CERTIFICATE-----\nAAAA\n".to_owned();
    for pem in [base64("bm90IGEgY2VydGlmaWNhdGU="), base64(""), base64("!"), unended] {
        let (_folder, options) = trusting(&pem);
        let path = options.ca_file.clone().unwrap();
        let error = HttpClient::new(options).unwrap_err();
        assert!(matches!(error, SetupError::CaFileInvalid { .. }), "{pem}: {error:?}");
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    }
}

// threats 204
#[tokio::test]
async fn one_bad_certificate_spoils_its_file_and_other_sections_do_not() {
    let sandbox = Sandbox::start(Scenario { tls: Tls::On, ..Scenario::default() }).await.unwrap();
    let good = sandbox.ca_pem().unwrap();
    let other = "# a comment\n-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n\
                 -----END TRUSTED CERTIFICATE-----\n";
    let (_folder, options) = trusting(&format!("{other}{good}{other}"));
    assert_eq!(ask(&sandbox, options).await.unwrap(), 401);
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let (_folder, options) = trusting(&format!("{good}{bad}"));
    HttpClient::new(options).unwrap_err();
}

// threats 203
#[test]
fn a_proxy_that_is_no_url_is_refused_without_its_password() {
    let proxy = Some(Proxy::new("http://user:canary@[", None));
    let error = HttpClient::new(Options { proxy, ..options() }).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

// threats 75 149
#[tokio::test]
async fn a_request_carries_what_it_was_given_and_nothing_else() {
    let sandbox = Sandbox::start(Scenario::default()).await.unwrap();
    ask(&sandbox, options()).await.unwrap();
    let requests = sandbox.requests();
    let mut names: Vec<_> =
        requests[0].headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort();
    assert_eq!(names, ["accept", "host", "user-agent"]);
    assert_eq!(requests[0].header("user-agent"), Some("a-test/1.0"));
}
