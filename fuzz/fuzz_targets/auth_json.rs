//! `auth.json`: it is read, changed, written and read again. What was not changed is the same as before,
//! and what is refused is an error without a byte of a secret.

#![no_main]

use auth_store::AuthDocument;
use credentials::{AccessToken, ApiKey, RefreshToken};
use fuzz::json::Json;
use libfuzzer_sys::fuzz_target;

const KEY: &str = "sk-new-0123456789";

fuzz_target!(|bytes: &[u8]| {
    let json = Json::read(bytes).filter(|json| json.is_object() && str::from_utf8(bytes).is_ok());
    let Some(mut document) = AuthDocument::from_bytes(bytes) else { return };
    let before = json.expect("a JSON object");
    // Unchanged, it is the same document.
    let written = document.to_bytes().expect("JSON");
    let again = Json::read(&written).expect("JSON");
    assert_eq!(members(&again, &[]), members(&before, &[]));
    let exposed = document.refresh_token().map(|token| token.expose().to_owned());
    check_secret(exposed.as_deref(), before.last("tokens").last("refresh_token"));
    let exposed = document.access_token().map(|token| token.expose().to_owned());
    check_secret(exposed.as_deref(), before.last("tokens").last("access_token"));
    // A new key changes the key and the mode.
    document.set_api_key(&ApiKey::new(KEY).expect("a key"));
    let written = document.to_bytes().expect("JSON");
    let after = Json::read(&written).expect("JSON");
    let changed = ["OPENAI_API_KEY", "auth_mode"];
    assert_eq!(members(&after, &changed), members(&before, &changed));
    let read = AuthDocument::from_bytes(&written).expect("what was written can be read");
    assert_eq!(read.api_key().as_ref().map(ApiKey::expose), Some(KEY));
    assert_eq!(
        read.access_token().as_ref().map(AccessToken::expose),
        document.access_token().as_ref().map(AccessToken::expose)
    );
    assert_eq!(
        read.refresh_token().as_ref().map(RefreshToken::expose),
        document.refresh_token().as_ref().map(RefreshToken::expose)
    );
});

/// A token is what the file has.
fn check_secret(read: Option<&str>, written: &Json) {
    assert!(read.is_none() || read == written.text());
}

/// All members in their order, without those with these names.
fn members<'a>(json: &'a Json, without: &[&str]) -> Vec<&'a (Option<String>, Json)> {
    let Json::Object(members) = json else { panic!("not an object") };
    members
        .iter()
        .filter(|(name, _)| !name.as_deref().is_some_and(|it| without.contains(&it)))
        .collect()
}
