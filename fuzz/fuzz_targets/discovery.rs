//! The metadata of an authorization server. Only the exact issuer is accepted, and only endpoints with
//! https that the document names. A document with plain endpoints is accepted.

#![no_main]

use fuzz::json::Json;
use fuzz::server::{Server, run};
use http_client::Url;
use libfuzzer_sys::fuzz_target;
use token_client::Provider;

const ISSUER: &str = "https://id.example";

fuzz_target!(|body: &[u8]| {
    let json = Json::read(body).filter(|json| json.is_object() && json.has_names());
    let json = json.filter(|_| str::from_utf8(body).is_ok());
    let (http, _) = Server::with_response(200, body);
    match (run(Provider::discover(&http, ISSUER)), json) {
        (Ok(provider), Some(json)) => check(&provider, &json),
        (Ok(provider), None) => panic!("{provider:?}"),
        (Err(error), Some(json)) => assert!(!is_plain(&json), "{error:?}"),
        (Err(_), None) => {}
    }
});

const OPTIONAL: [&str; 5] = [
    "revocation_endpoint",
    "device_authorization_endpoint",
    "pushed_authorization_request_endpoint",
    "registration_endpoint",
    "jwks_uri",
];

fn check(provider: &Provider, json: &Json) {
    assert_eq!(json.last("issuer").text(), Some(ISSUER));
    check_endpoint(&provider.authorization_endpoint, json.last("authorization_endpoint"));
    check_endpoint(&provider.token_endpoint, json.last("token_endpoint"));
    let optional = [
        &provider.revocation_endpoint,
        &provider.device_authorization_endpoint,
        &provider.pushed_authorization_request_endpoint,
        &provider.registration_endpoint,
        &provider.jwks_uri,
    ];
    for (found, name) in optional.into_iter().zip(OPTIONAL) {
        match found {
            Some(url) => check_endpoint(url, json.last(name)),
            None => assert!(!json.last(name).text().is_some_and(is_plain_url), "{name}"),
        }
    }
}

fn check_endpoint(url: &Url, named: &Json) {
    assert_eq!(url.scheme(), "https");
    assert_eq!(Some(url), named.text().and_then(|text| Url::parse(text).ok()).as_ref());
}

fn is_plain(json: &Json) -> bool {
    let is_plain = |name| json.only(name).and_then(Json::text).is_some_and(is_plain_url);
    json.only("issuer").and_then(Json::text) == Some(ISSUER)
        && is_plain("authorization_endpoint")
        && is_plain("token_endpoint")
}

fn is_plain_url(text: &str) -> bool {
    let path = text.strip_prefix("https://id.example/");
    path.is_some_and(|path| path.bytes().all(|byte| byte.is_ascii_lowercase()))
}
