//! The device grant of RFC 8628, against a server with the responses of each test.

use std::time::Duration;

use sandbox::{Endpoint, Fault, On, Recorded, Scenario, Then};
use serde_json::{Value, json};
use token_client::{DevicePoll, Error, Interval};

use crate::rig::Rig;

/// The response of RFC 8628 §3.2, changed by `patch`.
fn authorization(patch: &Value) -> Value {
    let mut body = json!({
        "device_code": "a-device-code", "user_code": "WDJB-MJHT", "expires_in": 1800,
        "verification_uri": "https://id.example.com/device",
    });
    body.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
    body
}

fn error(code: &str) -> Then {
    Then::json(400, json!({ "error": code }))
}

/// A server with these responses to polls, in order.
async fn server(authorization: Value, polls: impl IntoIterator<Item = Then>) -> Rig {
    let polls = polls.into_iter().zip(1..);
    let polls = polls.map(|(then, n)| Fault::new(Endpoint::Token, then).on(On::Nth(vec![n])));
    let begin = Fault::new(Endpoint::DeviceUserCode, Then::json(200, authorization));
    let faults = polls.chain([begin]).collect();
    Rig::new(Scenario { faults, ..Scenario::default() }).await
}

#[track_caller]
fn assert_form(request: &Recorded, body: &str) {
    let form = Some("application/x-www-form-urlencoded");
    assert_eq!(request.header("content-type"), form);
    assert_eq!(String::from_utf8(request.body.clone()).unwrap(), body);
}

#[tokio::test]
async fn approved_device_gets_tokens() {
    let tokens = json!({"access_token": "a", "id_token": "i", "refresh_token": "r"});
    let rig = server(authorization(&json!({})), [Then::json(200, tokens)]).await;
    let scope = Some("openid email");
    let device = rig.client.request_device_authorization(scope, &[]).await.unwrap();
    assert_form(
        &rig.only_request_at(&Endpoint::DeviceUserCode),
        "client_id=app_EMoamEEZ73f0CkXaXp7hrann&scope=openid+email",
    );
    let poll = rig.client.poll_device_authorization(&device, &[]).await.unwrap();
    let DevicePoll::Approved(tokens) = poll else { panic!("{poll:?}") };
    assert_eq!(tokens.access_token.expose(), "a");
    assert_form(
        &rig.only_request_at(&Endpoint::Token),
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code\
         &device_code=a-device-code&client_id=app_EMoamEEZ73f0CkXaXp7hrann",
    );
}

#[tokio::test]
async fn poll_maps_the_errors_of_rfc_8628() {
    let codes = ["authorization_pending", "slow_down", "access_denied", "expired_token"];
    let rig = server(authorization(&json!({})), codes.map(error)).await;
    let device = rig.client.request_device_authorization(None, &[]).await.unwrap();
    for expected in ["Pending", "SlowDown", "Denied", "Expired"] {
        let poll = rig.client.poll_device_authorization(&device, &[]).await.unwrap();
        assert_eq!(format!("{poll:?}"), expected);
    }
}

#[tokio::test]
async fn unknown_error_is_final_and_server_error_is_transient() {
    let lost = Then::Lose;
    let polls = [error("unknown_to_rfc_8628"), Then::json(503, json!({})), lost];
    let rig = server(authorization(&json!({})), polls).await;
    let device = rig.client.request_device_authorization(None, &[]).await.unwrap();
    for is_transient in [false, true, true] {
        let error = rig.client.poll_device_authorization(&device, &[]).await.unwrap_err();
        assert_eq!(error.is_transient(), is_transient, "{error:?}");
    }
}

#[tokio::test]
async fn response_without_tokens_is_not_an_approval() {
    let rig = server(authorization(&json!({})), [Then::json(200, json!({}))]).await;
    let device = rig.client.request_device_authorization(None, &[]).await.unwrap();
    let error = rig.client.poll_device_authorization(&device, &[]).await.unwrap_err();
    assert!(matches!(error, Error::InvalidResponse(_)), "{error:?}");
}

#[tokio::test]
async fn error_does_not_contain_the_device_code() {
    let device_code = "a-device-code-that-is-long-enough";
    let repeats = json!({"error": "invalid_grant", "error_description": device_code});
    let authorization = authorization(&json!({ "device_code": device_code }));
    let rig = server(authorization, [Then::json(400, repeats)]).await;
    let device = rig.client.request_device_authorization(None, &[]).await.unwrap();
    let error = rig.client.poll_device_authorization(&device, &[]).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(device_code), "{error}");
}

#[tokio::test]
async fn missing_required_field_is_named() {
    for field in ["device_code", "user_code", "verification_uri", "expires_in"] {
        let rig = server(authorization(&json!({ field: null })), []).await;
        let error = rig.client.request_device_authorization(None, &[]).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, format!("the response has no usable `{field}`"));
    }
}

#[tokio::test]
async fn polling_interval_has_a_minimum_and_a_default() {
    let hour = Duration::from_secs(3600);
    for (interval, expected) in [
        (json!(0), Duration::from_secs(1)),
        (json!(3600), hour),
        (json!(1e300), Interval::default().as_duration()),
        (json!("soon"), Interval::default().as_duration()),
    ] {
        let rig = server(authorization(&json!({ "interval": interval })), []).await;
        let device = rig.client.request_device_authorization(None, &[]).await.unwrap();
        assert_eq!(device.interval.as_duration(), expected);
        assert!(device.interval.slow_down().back_off().as_duration() >= expected);
    }
    let forever = json!({"interval": 1e18, "expires_in": 1e18});
    let rig = server(authorization(&forever), []).await;
    let device = rig.client.request_device_authorization(None, &[]).await.unwrap();
    assert!(device.interval.slow_down().back_off().as_duration() > hour);
}
