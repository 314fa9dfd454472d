use std::time::Duration;

use sandbox::{Account, Client, Conduct, Device, Lifetimes, Offered, Sandbox, Scenario};
use serde_json::{Value, json};

use crate::client::{Response, exchange_code_with, get, post_form, post_json, sandbox};

fn begin(sandbox: &Sandbox) -> Response {
    let body = json!({"client_id": Client::SIGN_IN});
    post_json(sandbox.issuer_url(), "/api/accounts/deviceauth/usercode", &[], &body)
}

fn poll(sandbox: &Sandbox, begun: &Response) -> Response {
    let body = json!({
        "device_auth_id": begun.text("/device_auth_id"),
        "user_code": begun.text("/user_code"),
    });
    post_json(sandbox.issuer_url(), "/api/accounts/deviceauth/token", &[], &body)
}

fn decide(sandbox: &Sandbox, user_code: &str, sub: &str) -> u16 {
    let form = [("user_code", user_code), ("account", sub)];
    post_form(sandbox.issuer_url(), "/codex/device", &form).status
}

#[test]
fn device_code_is_pending_until_approved_and_then_exchanged() {
    let sandbox = sandbox(Scenario::default());
    let begun = begin(&sandbox);
    assert_eq!(begun.json()["interval"], "5");
    let pending = poll(&sandbox, &begun);
    assert_eq!(pending.status, 403);
    assert_eq!(pending.error(), "deviceauth_authorization_pending");

    assert!(get(sandbox.issuer_url(), "/codex/device", &[]).body.contains("Ada Lovelace"));
    let typed = begun.text("/user_code").to_lowercase();
    assert_eq!(decide(&sandbox, &typed, "auth0|ada"), 200);
    let approved = poll(&sandbox, &begun);
    assert_eq!(approved.status, 200);

    let redirect = format!("{}/deviceauth/callback", sandbox.issuer_url());
    let (code, verifier) = (approved.text("/authorization_code"), approved.text("/code_verifier"));
    let tokens = exchange_code_with(
        &sandbox,
        &[("code", &code), ("code_verifier", &verifier), ("redirect_uri", &redirect)],
    );
    assert_eq!(tokens.status, 200);
    assert!(sandbox.issued().all().contains(&verifier.as_str()));
    assert_eq!(poll(&sandbox, &begun).error(), "deviceauth_authorization_unknown");
}

#[test]
fn poll_reports_denied_and_expired_codes() {
    for sub in ["nobody", "auth0|nora"] {
        let sandbox = sandbox(Scenario::default());
        let begun = begin(&sandbox);
        assert_eq!(decide(&sandbox, &begun.text("/user_code"), sub), 200);
        assert_eq!(poll(&sandbox, &begun).error(), "access_denied", "{sub}");
    }
    let lifetimes = Lifetimes { user_code: Duration::ZERO, ..Lifetimes::default() };
    let sandbox = sandbox(Scenario { lifetimes, ..Scenario::default() });
    let begun = begin(&sandbox);
    assert_eq!(poll(&sandbox, &begun).error(), "expired_token");
    assert_eq!(decide(&sandbox, &begun.text("/user_code"), "auth0|ada"), 400);
    assert_eq!(decide(&sandbox, "WRONG-CODE", "auth0|ada"), 400);
}

#[test]
fn interval_format_is_configurable_and_device_code_can_be_disabled() {
    for interval in [json!(7), json!("7"), Value::Null] {
        let device = Device { interval: interval.clone(), ..Device::default() };
        let sandbox = sandbox(Scenario { device, ..Scenario::default() });
        let written = begin(&sandbox).json().get("interval").cloned();
        assert_eq!(written, Some(interval).filter(|interval| !interval.is_null()));
    }
    let device = Device { offered: Offered::No, ..Device::default() };
    assert_eq!(begin(&sandbox(Scenario { device, ..Scenario::default() })).status, 404);
}

#[test]
fn person_approves_or_denies_the_device_code() {
    let sandbox = sandbox(Scenario::default());
    let page = format!("{}/codex/device", sandbox.issuer_url());
    for (conduct, outcome) in [(Conduct::SignsIn, 200), (Conduct::Denies, 403)] {
        let begun = begin(&sandbox);
        let person = sandbox.person(Account::OWNER).with_conduct(conduct);
        let trail = person.connect_device_blocking(&page, &begun.text("/user_code")).unwrap();
        assert_eq!(trail.last().unwrap().status, 200);
        assert_eq!(poll(&sandbox, &begun).status, outcome);
    }
}
