//! The responses during a sign-in with a code on another device: the standard's (RFC 8628) and OpenAI's.
//! The first byte is the status. What a person sees is short and printable, and no wait is shorter than a
//! second.

#![no_main]

use std::time::Duration;

use credentials::DeviceCode;
use fuzz::json::Json;
use fuzz::server::{Server, run};
use libfuzzer_sys::fuzz_target;
use login::openai::DeviceCodeFlow;
use native_oauth::DeviceFlow as _;
use token_client::{
    DeviceAuthorization, DevicePoll, Error, Issuer, Provider, TokenClient, UserCode,
};

const STATUSES: [u16; 8] = [200, 200, 200, 400, 401, 403, 404, 500];

fuzz_target!(|input: &[u8]| {
    let Some((first, body)) = input.split_first() else { return };
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    let json = Json::read(body).filter(|json| json.is_object());
    let (http, _) = Server::with_response(status, body);
    let client = client(http);
    let requested = run(client.request_device_authorization(None, &[]));
    check_requested(requested, status, json.as_ref());
    let requested = run(DeviceCodeFlow(&client).request());
    check_requested(requested, status, json.as_ref());
    let device = device();
    check_poll(run(client.poll_device_authorization(&device, &[])), status);
    check_poll(run(DeviceCodeFlow(&client).poll(&device)), status);
});

fn client(http: http_client::HttpClient) -> TokenClient {
    let issuer: Issuer = "https://id.example".parse().expect("an issuer");
    let endpoint = |path| issuer.join(path);
    let mut provider = Provider::new(issuer.clone(), endpoint("/authorize"), endpoint("/token"));
    provider.device_authorization_endpoint = Some(endpoint("/device"));
    TokenClient::new(http, provider, "client")
}

fn device() -> DeviceAuthorization {
    let code = UserCode::try_from("ABCD".to_owned()).expect("a code");
    let page = "https://id.example/device".parse().expect("a URL");
    let device_code = DeviceCode::new("device-code-0123456789").expect("a code");
    DeviceAuthorization::new(device_code, code, page, Duration::from_secs(900))
}

fn check_requested(
    requested: Result<DeviceAuthorization, Error>,
    status: u16,
    json: Option<&Json>,
) {
    let Ok(device) = requested else { return };
    let json = json.expect("an object");
    assert_eq!(status, 200);
    let shown = device.user_code.as_str();
    assert!((1..=64).contains(&shown.len()) && shown.bytes().all(|it| (b' '..=b'~').contains(&it)));
    let named = ["user_code", "usercode"].map(|name| json.last(name).text());
    assert!(named.contains(&Some(shown)), "{named:?}");
    for page in [Some(&device.verification_uri), device.verification_uri_complete.as_ref()] {
        let is_web = |scheme: &str| scheme == "https" || scheme == "http";
        assert!(page.is_none_or(|page| is_web(page.scheme()) && page.has_host()));
    }
    assert!(device.interval.as_duration() >= Duration::from_secs(1));
    assert!(!format!("{device:?}").contains(&format!("\"{shown}\"")));
}

/// An approval needs success, and a denial needs a body that says so.
fn check_poll<T>(polled: Result<DevicePoll<T>, Error>, status: u16) {
    match polled {
        Ok(DevicePoll::Approved(_)) => assert_eq!(status, 200),
        Ok(_) => assert!(status < 500),
        Err(error) => assert!(!error.to_string().contains("device-code-0123456789")),
    }
}
