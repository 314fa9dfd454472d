//! What a refresh and an API key sign-in change in a document, and what they keep.

use crate::common::{AFTER_A_SAVE, Home, read};
use auth_store::AuthMode;
use credentials::{AccessToken, ApiKey, IdToken, RefreshToken};
use token_source::RefreshedTokens;

/// With fields of other programs at every level, an unusual order, and numbers beyond floats.
const BEFORE: &str = r#"{
  "zeta": [
    1.50,
    12345678901234567890123,
    {
      "deep": -0.0,
      "e": 1e+400
    }
  ],
  "last_refresh": "2026-01-01T00:00:00Z",
  "tokens": {
    "oauth_provenance": {
      "issuer": "i"
    },
    "refresh_token": "old-refresh",
    "account_id": "1",
    "n": 0.10,
    "access_token": "old-access",
    "id_token": "old-id",
    "login_owner_id": null
  },
  "auth_mode": "chatgpt",
  "agent_identity": {
    "é\u0001": []
  },
  "OPENAI_API_KEY": "sk-old",
  "": false
}"#;

const TIME: &str = "2026-11-21T18:48:46.859879Z";

fn refreshed(id: Option<&str>, access: Option<&str>, refresh: Option<&str>) -> RefreshedTokens {
    RefreshedTokens {
        id_token: id.map(|text| IdToken::new(text).unwrap()),
        access_token: access.map(|text| AccessToken::new(text).unwrap()),
        refresh_token: refresh.map(|text| RefreshToken::new(text).unwrap()),
        last_refresh: access.map(|_| TIME.parse().unwrap()),
        expires_at: None,
    }
}

/// `BEFORE` with replaced texts.
fn with(replaced: &[(&str, &str)]) -> String {
    let replace = |text: String, (old, new): &(&str, &str)| {
        assert_eq!(text.matches(old).count(), 1, "{old}");
        text.replace(old, new)
    };
    replaced.iter().fold(BEFORE.to_owned(), replace)
}

#[track_caller]
fn assert_refreshed(refreshed: &RefreshedTokens, replaced: &[(&str, &str)]) {
    let home = Home::holding(BEFORE);
    home.store().update(|document| document.set_refreshed_tokens(refreshed)).unwrap();
    assert_eq!(read(home.auth_json()), with(replaced));
    assert_eq!(home.names(), AFTER_A_SAVE);
}

/// Of the whole file: the tokens and the time.
// threats 109 169
#[test]
fn refresh_changes_only_the_new_tokens() {
    let time = ("2026-01-01T00:00:00Z", TIME);
    assert_refreshed(
        &refreshed(Some("new-id"), Some("new-access"), Some("new-refresh")),
        &[("old-id", "new-id"), ("old-access", "new-access"), ("old-refresh", "new-refresh"), time],
    );
}

// threats 110 111 169
#[test]
fn refresh_keeps_tokens_that_are_not_returned() {
    let time = ("2026-01-01T00:00:00Z", TIME);
    assert_refreshed(
        &refreshed(None, Some("new-access"), None),
        &[("old-access", "new-access"), time],
    );
    // The time is the access token's.
    assert_refreshed(
        &refreshed(None, None, Some("new-refresh")),
        &[("old-refresh", "new-refresh")],
    );
    assert_refreshed(&RefreshedTokens::default(), &[]);
}

/// A file without tokens.
// threats 170
#[test]
fn refresh_of_an_empty_document_adds_tokens() {
    for before in ["{}", r#"{"tokens":null}"#] {
        let home = Home::holding(before);
        let tokens = refreshed(Some("id"), Some("access"), Some("refresh"));
        home.store().update(|document| document.set_refreshed_tokens(&tokens)).unwrap();
        let document = home.store().load().unwrap().unwrap();
        assert_eq!(document.refresh_token().unwrap().expose(), "refresh");
    }
}

// threats 169
#[test]
fn api_key_sign_in_removes_tokens_and_keeps_other_fields() {
    let home = Home::holding(BEFORE);
    let key = ApiKey::new("sk-new").unwrap();
    home.store().update(|document| document.set_api_key_sign_in(&key)).unwrap();
    let tokens_begin = BEFORE.find("{\n    \"oauth_provenance\"").unwrap();
    let tokens_end = BEFORE.find("},\n  \"auth_mode\"").unwrap() + 1;
    let expected = with(&[
        (&BEFORE[tokens_begin..tokens_end], "null"),
        ("\"chatgpt\"", "\"apikey\""),
        ("sk-old", "sk-new"),
        ("\"2026-01-01T00:00:00Z\"", "null"),
    ]);
    let written = read(home.auth_json());
    assert_eq!(written, expected);
    assert!(!written.contains("old-"), "{written}");

    let document = home.store().load().unwrap().unwrap();
    assert_eq!(document.auth_mode(), Some(AuthMode::ApiKey));
    assert!(document.is_signed_in() && !document.has_tokens());
    assert_eq!(document.last_refresh(), None);
}

#[test]
fn api_key_sign_in_is_written_byte_for_byte() {
    let home = Home::new();
    let key = ApiKey::new("sk-1").unwrap();
    home.store().update(|document| document.set_api_key_sign_in(&key)).unwrap();
    let expected = r#"{
  "auth_mode": "apikey",
  "OPENAI_API_KEY": "sk-1",
  "tokens": null,
  "last_refresh": null
}"#;
    assert_eq!(read(home.auth_json()), expected);
}
