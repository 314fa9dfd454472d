//! Sign-ins with a provider that has its own paths, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod behavior;
mod browser;
mod conformance;
mod http;
mod id_token;
mod options;
mod order;
mod provider;
mod signing;
mod stay_signed_in;

#[expect(dead_code, reason = "the example's `main` is not called here")]
#[path = "../../examples/quick_start.rs"]
mod example;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use native_oauth::{
    BrowserError, Client, Error, Event, HttpClient, Options, PendingSignIn, Provider, SignIn,
    UserInput,
};
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;

use browser::{deny, final_page, follow, redirect_of};
use provider::{ACCESS_TOKEN, TestProvider, value};

fn client(provider: Provider) -> Client {
    Client::new(HttpClient::new(Options::new("a-test/1.0")), provider, "my-client-id")
}

async fn sign_in(provider: &TestProvider) -> SignIn {
    SignIn::new(client(provider.discover().await))
}

/// A closure that collects the names of events.
fn names(into: &Arc<Mutex<Vec<String>>>) -> impl Fn(Event<'_>) + Send + Sync + use<> {
    let into = into.clone();
    move |event| {
        let name = format!("{event:?}");
        let end = name.find([' ', '(', '{']).unwrap_or(name.len());
        into.lock().unwrap().push(name[..end].to_owned());
    }
}

// threats 8 184
#[tokio::test]
async fn example_signs_in_with_a_browser() {
    let provider = TestProvider::start().await;
    let tokens = example::sign_in(&provider.issuer(), follow).await.unwrap();
    assert_eq!(tokens.access_token.expose(), ACCESS_TOKEN);
    assert!(tokens.id_token.is_some() && tokens.refresh_token.is_some());
    assert_eq!(tokens.claims.unwrap().sub.as_deref(), Some("ada"));

    let query = provider.authorization_query();
    let value = |name: &str| value(&query, name);
    assert_eq!(value("response_type"), Some("code"));
    assert_eq!(value("client_id"), Some("my-client-id"));
    assert_eq!(value("scope"), Some("openid email offline_access"));
    assert_eq!(value("nonce").map(str::len), Some(43));
    assert_eq!(value("code_challenge_method"), Some("S256"));
    assert!(value("redirect_uri").unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(provider.exchanges(), 1);
}

#[tokio::test]
async fn additional_parameters_are_in_the_url() {
    let provider = TestProvider::start().await;
    let pending = sign_in(&provider).await.parameter("prompt", "select account");
    let mut pending = pending.start().unwrap();
    let url = pending.authorization().url();
    assert!(url.as_str().ends_with("&prompt=select+account"), "{url}");
    assert!(!url.as_str().contains("scope"), "{url}");
}

// threats 9
#[tokio::test]
async fn callback_with_wrong_state_is_reported_and_the_wait_continues() {
    let provider = TestProvider::start().await;
    let mut pending = sign_in(&provider).await.start().unwrap();
    pending.authorization().open_browser_with(|url| {
        let mut forged = redirect_of(url);
        forged.query_pairs_mut().clear().append_pair("code", "forged").append_pair("state", "x");
        assert!(final_page(&forged).contains("State parameter mismatch"));
        follow(url)
    });
    let seen = Arc::default();
    pending.finish(&names(&seen)).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["CallbackRejected", "CallbackReceived"]);
    assert_eq!(provider.exchanges(), 1);
}

// threats 16
#[tokio::test]
async fn wrong_iss_ends_the_sign_in_before_the_exchange() {
    let provider = TestProvider::start().await;
    let outcome = sign_in(&provider).await.run(|url| {
        let mut callback = redirect_of(url);
        callback.query_pairs_mut().append_pair("iss", "https://evil.example.com");
        final_page(&callback);
        Ok(())
    });
    let error = outcome.await.unwrap_err();
    assert!(matches!(error, Error::Callback(_)), "{error:?}");
    assert_eq!(provider.exchanges(), 0);
}

/// A mix-up (RFC 9207 §1): the metadata of one provider has the authorization endpoint of another one.
// threats 16
#[tokio::test]
async fn code_of_another_provider_is_not_sent_to_this_one() {
    let honest = TestProvider::with(|it| it.callback = json!({"iss": "https://id.example.com"}));
    let honest = honest.await;
    let endpoint = format!("{}/connect/authorize", honest.issuer());
    let metadata = json!({ "authorization_endpoint": endpoint });
    let malicious = TestProvider::with(|it| it.metadata = metadata).await;
    let outcome = sign_in(&malicious).await.run(|url| {
        browser::deliver(url);
        Ok(())
    });
    assert!(matches!(outcome.await.unwrap_err(), Error::Callback(_)));
    assert!(!honest.authorization_query().is_empty());
    assert_eq!(malicious.exchanges(), 0);
}

/// Issuers such as Auth0's end with a slash.
// threats 16
#[tokio::test]
async fn iss_is_compared_with_the_issuer_as_written() {
    for (issuer_suffix, iss, is_accepted) in [("/", "/", true), ("/", "", false), ("", "/", false)]
    {
        let provider = TestProvider::with(|it| it.issuer_suffix = issuer_suffix).await;
        let iss = format!("{}{iss}", provider.issuer().trim_end_matches('/'));
        let outcome = sign_in(&provider).await.run(move |url| {
            let mut callback = redirect_of(url);
            callback.query_pairs_mut().append_pair("iss", &iss);
            final_page(&callback);
            Ok(())
        });
        assert_eq!(outcome.await.is_ok(), is_accepted, "{issuer_suffix:?}");
        assert_eq!(provider.exchanges(), usize::from(is_accepted));
    }
}

// threats 16
#[tokio::test]
async fn iss_is_that_of_a_tenant_if_each_has_its_own() {
    for (iss, is_accepted) in [("/a-1", true), ("/a-1/x", false), ("", false)] {
        let provider = TestProvider::with(|it| {
            it.issuer_suffix = "/common";
            it.metadata_path = "/common/.well-known/openid-configuration";
            it.metadata = json!({"issuer": "https://id.example.com/{tenantid}"});
            it.callback = json!({"iss": format!("https://id.example.com{iss}")});
            it.claims = json!({"iss": "https://id.example.com/a-1", "tid": "a-1"});
        });
        let provider = provider.await;
        let http = HttpClient::new(Options::new("a-test/1.0"));
        let metadata = Provider::discover_any_tenant(&http, &provider.issuer()).await.unwrap();
        let outcome = SignIn::new(client(metadata)).run(|url| {
            browser::deliver(url);
            Ok(())
        });
        assert_eq!(outcome.await.is_ok(), is_accepted, "{iss}");
        assert_eq!(provider.exchanges(), usize::from(is_accepted));
    }
}

// threats 16
#[tokio::test]
async fn promised_iss_is_required() {
    let metadata = json!({"authorization_response_iss_parameter_supported": true});
    let provider = TestProvider::with(|it| it.metadata = metadata).await;
    let outcome = sign_in(&provider).await.run(|url| {
        final_page(&redirect_of(url));
        Ok(())
    });
    assert!(matches!(outcome.await.unwrap_err(), Error::Callback(_)));
    assert_eq!(provider.exchanges(), 0);
    let iss = provider.issuer();
    let outcome = sign_in(&provider).await.run(move |url| {
        let mut callback = redirect_of(url);
        callback.query_pairs_mut().append_pair("iss", &iss);
        final_page(&callback);
        Ok(())
    });
    outcome.await.unwrap();
}

// threats 12
#[tokio::test]
async fn denied_sign_in_reports_the_error_code() {
    let provider = TestProvider::start().await;
    let error = sign_in(&provider).await.run(deny).await.unwrap_err();
    assert_eq!(error.to_string(), "the authorization server refused: access_denied");
}

#[tokio::test]
async fn failed_exchange_is_shown_in_the_browser() {
    let provider = TestProvider::start().await;
    provider.change(|it| it.code_error = Some((400, json!({"error": "invalid_grant"}))));
    let (page, shown) = std::sync::mpsc::channel();
    let outcome = sign_in(&provider).await.run(move |url| {
        page.send(final_page(&redirect_of(url))).unwrap();
        Ok(())
    });
    let error = outcome.await.unwrap_err();
    assert!(matches!(error, Error::CodeExchange(_)), "{error:?}");
    assert!(shown.recv().unwrap().contains("Sign-in failed"));
}

#[tokio::test]
async fn pasted_url_signs_in_without_a_local_browser() {
    let provider = TestProvider::start().await;
    let mut pending = sign_in(&provider).await.start().unwrap();
    let (sender, inputs) = unbounded_channel();
    let url = pending.authorization().url().clone();
    pending.authorization().with_inputs(inputs);
    pending.authorization().open_browser_with(|_| Err(BrowserError::UnsupportedScheme));
    let seen = Arc::default();
    let record = names(&seen);
    let events = |event: Event<'_>| {
        if matches!(event, Event::BrowserNotOpened) {
            for pasted in ["http://127.0.0.1/".to_owned(), redirect_of(&url).into()] {
                sender.send(UserInput::CallbackUrl(pasted.into())).unwrap();
            }
        }
        record(event);
    };
    pending.finish(&events).await.unwrap();
    assert_eq!(
        *seen.lock().unwrap(),
        ["BrowserNotOpened", "PastedUrlRejected", "CallbackReceived"]
    );
}

#[tokio::test]
async fn device_code_signs_in_without_a_callback() {
    let provider = TestProvider::start().await;
    let complete = Mutex::default();
    let events = |event: Event<'_>| {
        if let Event::DeviceCode { verification_uri_complete, expires_in, .. } = event {
            *complete.lock().unwrap() = verification_uri_complete.map(str::to_owned);
            assert!(expires_in.as_secs().abs_diff(1800) < 60, "{expires_in:?}");
        }
    };
    let sign_in = sign_in(&provider).await.timeout(Duration::MAX);
    let tokens = sign_in.run_by_device_code(&events).await.unwrap();
    assert_eq!(tokens.access_token.expose(), ACCESS_TOKEN);
    let expected = "https://id.example.com/device?user_code=WDJB-MJHT";
    assert_eq!(complete.into_inner().unwrap().as_deref(), Some(expected));
}

#[tokio::test]
async fn device_code_can_be_selected_during_the_wait() {
    let provider = TestProvider::start().await;
    let mut pending = sign_in(&provider).await.start().unwrap();
    let (sender, inputs) = unbounded_channel();
    sender.send(UserInput::DeviceCode).unwrap();
    pending.authorization().with_inputs(inputs);
    let tokens = pending.finish(&|_: Event<'_>| {}).await.unwrap();
    assert_eq!(tokens.access_token.expose(), ACCESS_TOKEN);
    assert_eq!(provider.exchanges(), 0);
}

// threats 26
#[tokio::test]
async fn wait_ends_at_its_timeout() {
    let provider = TestProvider::start().await;
    let error = sign_in(&provider).await.timeout(Duration::from_millis(50)).run(|_| Ok(()));
    assert_eq!(error.await.unwrap_err().to_string(), "no callback came");
}

#[tokio::test]
async fn unreachable_provider_is_reported_at_the_timeout() {
    let provider = TestProvider::start().await;
    let metadata = provider.discover().await;
    provider.stop().await;
    let sign_in = SignIn::new(client(metadata));
    let error = sign_in.timeout(Duration::from_millis(500)).run(|_| Ok(())).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}

/// The issuer and the token endpoint can be two servers.
#[tokio::test]
async fn unreachable_token_endpoint_is_reported_at_the_timeout() {
    let metadata = json!({"token_endpoint": "http://127.0.0.1:1/token"});
    let provider = TestProvider::with(|it| it.metadata = metadata).await;
    let sign_in = sign_in(&provider).await.timeout(Duration::from_millis(500));
    let error = sign_in.run(|_| Ok(())).await.unwrap_err();
    let Error::Unreachable { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source.host(), "127.0.0.1:1");
}

#[tokio::test]
async fn sign_in_futures_are_send() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let provider = TestProvider::start().await;
    let running = tokio::spawn(assert_send(sign_in(&provider).await.run(follow)));
    running.await.unwrap().unwrap();
    let pending: PendingSignIn = sign_in(&provider).await.start().unwrap();
    drop(assert_send(pending.finish(&|_: Event<'_>| {})));
    let events = |_: Event<'_>| {};
    drop(assert_send(sign_in(&provider).await.run_by_device_code(&events)));
    drop(assert_send(provider.discover()));
}
