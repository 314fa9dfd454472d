//! How often a single-use request arrives.

use std::time::Duration;

use credentials::AuthorizationCode;
use http_client::{HttpClient, Options};
use sandbox::{Client, Defect, Endpoint, Proxy, ProxyConduct, ProxyScenario, Scenario, Then, Tls};
use serde_json::json;
use token_client::{Error, TokenClient};

use crate::rig::{Rig, provider};

// threats 77
#[tokio::test]
async fn code_is_sent_once_on_server_error_or_lost_response() {
    let broken = [500, 502, 503, 504].map(|status| Then::json(status, json!({})));
    let lost = [Then::Lose, Then::Close, Then::Reset, Then::CutOff { after: 5 }];
    for then in broken.into_iter().chain(lost) {
        let rig = Rig::with(Endpoint::TokenCode, then).await;
        let error = rig.sign_in().await.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        rig.only_request_at(&Endpoint::Token);
    }
}

// threats 77
#[tokio::test]
async fn code_is_sent_once_if_tls_fails_after_the_request() {
    for tls in [Tls::On, Tls::Http11] {
        let rig = Rig::garbling(tls, Endpoint::Token).await;
        assert_cut_off(&rig.sign_in().await.unwrap_err());
        rig.only_request_at(&Endpoint::Token);
    }
}

#[track_caller]
fn assert_cut_off(error: &Error) {
    let cut_off = matches!(error, Error::Http(http_client::Error::CutOff { .. }));
    assert!(cut_off, "{error:?}");
}

// threats 77
#[tokio::test]
async fn unsent_code_can_be_exchanged_again() {
    let rig = Rig::new(Scenario::default()).await;
    let code = rig.code().await;
    let http = HttpClient::new(Options::new("a-test/1.0"));
    let unreachable = TokenClient::new(http, provider(&closed_port()), Client::SIGN_IN);
    let Error::Http(error) = unreachable.exchange_code(&rig.exchange(&code)).await.unwrap_err()
    else {
        panic!("the port is closed");
    };
    assert!(error.provably_not_sent(), "{error:?}");
    rig.client.exchange_code(&rig.exchange(&code)).await.unwrap();
}

/// An address that refuses connections.
fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A closed connection is a transient error.
// threats 77
#[tokio::test]
async fn unsent_request_is_retried_once() {
    let (rig, code) =
        (Rig::new(Scenario::default()).await, AuthorizationCode::new("a-code").unwrap());
    // The proxy closes each connection after the first bytes.
    let scenario = ProxyScenario { conduct: ProxyConduct::Close, ..ProxyScenario::socks5() };
    let proxy = Proxy::start(scenario).await.unwrap();
    let issuer = format!("https://{}", proxy.address());
    let http = HttpClient::new(Options::new("a-test/1.0"));
    let client = TokenClient::new(http, provider(&issuer), Client::SIGN_IN);
    client.exchange_code(&rig.exchange(&code)).await.unwrap_err();
    assert_eq!(proxy.connections(), 2);
    assert!(rig.sandbox.requests().is_empty());
}

/// A certificate error is permanent.
// threats 77 82
#[tokio::test]
async fn certificate_error_is_not_retried() {
    let tls = Tls::Broken(Defect::UnknownAuthority);
    let rig = Rig::new(Scenario { tls, ..Scenario::default() }).await;
    let code = AuthorizationCode::new("a-code").unwrap();
    let error = rig.client.exchange_code(&rig.exchange(&code)).await.unwrap_err();
    assert!(matches!(error, Error::Http(http_client::Error::Tls { .. })), "{error:?}");
    assert_eq!(rig.sandbox.connections(), 1);
    assert!(rig.sandbox.requests().is_empty());
}

// threats 79
#[tokio::test]
async fn timeout_is_thirty_seconds_and_idle_timeout_is_fifteen() {
    for (then, words) in [
        (Then::Hang, "did not respond within 30 seconds"),
        (Then::Stall { after: 10 }, "sent nothing for 15 seconds in the middle of its response"),
    ] {
        let rig = Rig::with(Endpoint::TokenCode, then).await;
        let code = rig.code().await;
        let exchange = rig.exchange(&code);
        let arrival =
            rig.sandbox.wait_for_requests(&Endpoint::TokenCode, 1, Duration::from_secs(10));
        let mut answer = std::pin::pin!(rig.client.exchange_code(&exchange));
        tokio::select! {
            answer = &mut answer => panic!("too early: {answer:?}"),
            arrived = arrival => drop(arrived.unwrap()),
        }
        // From here on, time advances automatically when all tasks are idle.
        tokio::time::pause();
        let error = answer.await.unwrap_err();
        tokio::time::resume();
        let host = rig.client.issuer().host();
        assert_eq!(error.to_string(), format!("{host} {words}"));
        assert!(error.is_transient());
        rig.only_request_at(&Endpoint::Token);
    }
}
