//! The device code, with a person who decides on another device.

use std::time::Duration;

use http_client::{HttpClient, Options};
use sandbox::{Device, Endpoint, Lifetimes, Offered, Scenario, Then};
use serde_json::{Value, json};
use token_client::{DeviceAuthorization, DevicePoll, Error};

use crate::rig::Rig;

/// What the person does on the other device.
async fn decide(rig: &Rig, device: &DeviceAuthorization, account: &str) {
    let page = rig.client.device_endpoints().unwrap().verification_uri.clone();
    let http = HttpClient::new(Options::new("a-test/1.0"));
    let form = [("user_code", device.user_code.as_str()), ("account", account)];
    assert!(http.post(page).send_form(&form).await.unwrap().is_success());
}

#[tokio::test]
async fn a_device_is_pending_until_the_person_agrees() {
    let rig = Rig::new(Scenario::default()).await;
    let device = rig.client.begin_device_authorization().await.unwrap();
    let pending = rig.client.poll_device(&device).await.unwrap();
    assert!(matches!(pending, DevicePoll::Pending), "{pending:?}");

    decide(&rig, &device, "auth0|ada").await;
    let DevicePoll::Approved(grant) = rig.client.poll_device(&device).await.unwrap() else {
        panic!("the person agreed");
    };
    let tokens = rig.client.redeem_device_grant(&grant).await.unwrap();
    let issued = rig.sandbox.issued();
    assert_eq!(tokens.refresh_token.expose(), issued.refresh_tokens[0]);

    let form = rig.only_request_at(&Endpoint::TokenCode).form();
    let redirect_uri = format!("{}/deviceauth/callback", rig.sandbox.issuer_url());
    let expected = [
        ("grant_type", "authorization_code"),
        ("code", &issued.codes[0]),
        ("redirect_uri", &redirect_uri),
        ("client_id", rig.client.client_id()),
        ("code_verifier", &issued.code_verifiers[0]),
    ];
    assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_person_who_says_no_ends_the_wait() {
    let rig = Rig::new(Scenario::default()).await;
    let device = rig.client.begin_device_authorization().await.unwrap();
    decide(&rig, &device, "nobody").await;
    let poll = rig.client.poll_device(&device).await.unwrap();
    assert!(matches!(poll, DevicePoll::Denied), "{poll:?}");
}

#[tokio::test]
async fn a_code_that_is_too_old_ends_the_wait() {
    let lifetimes = Lifetimes { user_code: Duration::ZERO, ..Lifetimes::default() };
    let rig = Rig::new(Scenario { lifetimes, ..Scenario::default() }).await;
    let device = rig.client.begin_device_authorization().await.unwrap();
    let poll = rig.client.poll_device(&device).await.unwrap();
    assert!(matches!(poll, DevicePoll::Expired), "{poll:?}");
}

#[tokio::test]
async fn an_issuer_without_device_codes_says_so_at_once() {
    let device = Device { offered: Offered::No, ..Device::default() };
    let rig = Rig::new(Scenario { device, ..Scenario::default() }).await;
    let error = rig.client.begin_device_authorization().await.unwrap_err();
    assert!(matches!(error, Error::DeviceCodeNotEnabled), "{error:?}");
    assert!(!error.is_transient());
}

async fn interval_of(interval: Value) -> u64 {
    let device = Device { interval, ..Device::default() };
    let rig = Rig::new(Scenario { device, ..Scenario::default() }).await;
    let device = rig.client.begin_device_authorization().await.unwrap();
    device.interval.as_duration().as_secs()
}

#[tokio::test]
async fn the_interval_is_the_issuers_however_it_is_written() {
    assert_eq!(interval_of(json!(7)).await, 7);
    assert_eq!(interval_of(json!("7")).await, 7);
    assert_eq!(interval_of(Value::Null).await, 5);
}

#[tokio::test]
async fn a_busy_issuer_is_waited_out() {
    let then = Then::Answer(sandbox::Reply {
        status: 429,
        headers: vec![("retry-after".into(), "7".into())],
        body: sandbox::Body::default(),
    });
    let rig = Rig::with(Endpoint::DeviceToken, then).await;
    let device = rig.client.begin_device_authorization().await.unwrap();
    let error = rig.client.poll_device(&device).await.unwrap_err();
    assert!(error.is_transient());
    let wait = device.interval.after(error.retry_after());
    assert_eq!(wait, Duration::from_secs(7));
}
