//! The device code, with a simulated user on another device.

use std::time::Duration;

use http_client::{HttpClient, Options};
use login::openai::DeviceCodeFlow;
use native_oauth::DeviceFlow as _;
use sandbox::{Device, Endpoint, Lifetimes, Offered, Scenario, Then};
use serde_json::{Value, json};
use token_client::{DeviceAuthorization, DevicePoll, Error};

use crate::support::{TestIssuer, assert_request};

/// The decision of the user on the other device.
async fn decide(device: &DeviceAuthorization, account: &str) {
    let http = HttpClient::new(Options::new("a-test/1.0"));
    let form = [("user_code", device.user_code.as_str()), ("account", account)];
    assert!(
        http.post(device.verification_uri.clone()).send_form(&form).await.unwrap().is_success()
    );
}

#[tokio::test]
async fn device_code_is_pending_until_approved() {
    let test = TestIssuer::new(Scenario::default()).await;
    let device = DeviceCodeFlow(&test.client).request().await.unwrap();
    let pending = DeviceCodeFlow(&test.client).poll(&device).await.unwrap();
    assert!(matches!(pending, DevicePoll::Pending), "{pending:?}");

    decide(&device, "auth0|ada").await;
    let DevicePoll::Approved(grant) = DeviceCodeFlow(&test.client).poll(&device).await.unwrap()
    else {
        panic!("the person agreed");
    };
    let tokens = test.client.exchange_code(&grant.code_exchange()).await.unwrap();
    let issued = test.sandbox.issued();
    assert_eq!(tokens.refresh_token.unwrap().expose(), issued.refresh_tokens[0]);

    let form = test.only_request_at(&Endpoint::TokenCode).form();
    let redirect_uri = format!("{}/deviceauth/callback", test.sandbox.issuer_url());
    let expected = [
        ("grant_type", "authorization_code"),
        ("code", &issued.codes[0]),
        ("redirect_uri", &redirect_uri),
        ("client_id", test.client.client_id()),
        ("code_verifier", &issued.code_verifiers[0]),
    ];
    assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn denied_device_code_ends_the_wait() {
    let test = TestIssuer::new(Scenario::default()).await;
    let device = DeviceCodeFlow(&test.client).request().await.unwrap();
    decide(&device, "nobody").await;
    let poll = DeviceCodeFlow(&test.client).poll(&device).await.unwrap();
    assert!(matches!(poll, DevicePoll::Denied), "{poll:?}");
}

#[tokio::test]
async fn expired_device_code_ends_the_wait() {
    let lifetimes = Lifetimes { user_code: Duration::ZERO, ..Lifetimes::default() };
    let test = TestIssuer::new(Scenario { lifetimes, ..Scenario::default() }).await;
    let device = DeviceCodeFlow(&test.client).request().await.unwrap();
    let poll = DeviceCodeFlow(&test.client).poll(&device).await.unwrap();
    assert!(matches!(poll, DevicePoll::Expired), "{poll:?}");
}

#[tokio::test]
async fn missing_device_endpoint_means_device_code_not_enabled() {
    let device = Device { offered: Offered::No, ..Device::default() };
    let test = TestIssuer::new(Scenario { device, ..Scenario::default() }).await;
    let error = DeviceCodeFlow(&test.client).request().await.unwrap_err();
    assert!(matches!(error, Error::DeviceCodeNotEnabled), "{error:?}");
    assert!(!error.is_transient());
}

async fn interval_of(interval: Value) -> u64 {
    let device = Device { interval, ..Device::default() };
    let test = TestIssuer::new(Scenario { device, ..Scenario::default() }).await;
    let device = DeviceCodeFlow(&test.client).request().await.unwrap();
    device.interval.as_duration().as_secs()
}

#[tokio::test]
async fn interval_is_a_number_or_a_string_or_five_seconds() {
    assert_eq!(interval_of(json!(7)).await, 7);
    assert_eq!(interval_of(json!("7")).await, 7);
    assert_eq!(interval_of(Value::Null).await, 5);
}

#[tokio::test]
async fn rate_limited_poll_is_transient_and_waits_for_retry_after() {
    let then = Then::Respond(sandbox::Reply {
        status: 429,
        headers: vec![("retry-after".into(), "7".into())],
        body: sandbox::Body::default(),
    });
    let test = TestIssuer::with(Endpoint::DeviceToken, then).await;
    let device = DeviceCodeFlow(&test.client).request().await.unwrap();
    let error = DeviceCodeFlow(&test.client).poll(&device).await.unwrap_err();
    assert!(error.is_transient());
    let wait = device.interval.after(error.retry_after());
    assert_eq!(wait, Duration::from_secs(7));
}

// threats 149
#[tokio::test]
async fn device_code_requests_are_exact() {
    let test = TestIssuer::new(Scenario::default()).await;
    let device = DeviceCodeFlow(&test.client).request().await.unwrap();
    assert_request(
        &test.only_request_at(&Endpoint::DeviceUserCode),
        "POST /api/accounts/deviceauth/usercode\napplication/json\n\
         {\"client_id\":\"app_EMoamEEZ73f0CkXaXp7hrann\"}",
    );
    DeviceCodeFlow(&test.client).poll(&device).await.unwrap();
    let [device_code, user_code] = [device.device_code.expose(), device.user_code.as_str()];
    assert_request(
        &test.only_request_at(&Endpoint::DeviceToken),
        &format!(
            "POST /api/accounts/deviceauth/token\napplication/json\n\
             {{\"device_auth_id\":\"{device_code}\",\"user_code\":\"{user_code}\"}}"
        ),
    );
}
