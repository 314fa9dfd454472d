//! The exact bytes of `auth.json`, written and read.

use crate::common::{AFTER_A_SAVE, Home, read, sign_in, update_with_backup, write};
use auth_store::{AuthMode, Error, ParseErrorKind};
use credentials::ApiKey;

const GOLDEN: &str = r#"{
  "auth_mode": "chatgpt",
  "OPENAI_API_KEY": "sk-1",
  "tokens": {
    "id_token": "id-1",
    "access_token": "access-1",
    "refresh_token": "refresh-1",
    "account_id": "1"
  },
  "last_refresh": "2026-11-21T18:48:46.859879Z"
}"#;

// threats 170
#[test]
fn new_sign_in_is_written_byte_for_byte() {
    let home = Home::new();
    home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    assert_eq!(read(home.auth_json()), GOLDEN);
    assert_eq!(home.names(), AFTER_A_SAVE);
}

#[test]
fn missing_key_and_account_are_written_as_null() {
    let home = Home::new();
    let mut sign_in = sign_in("1");
    (sign_in.api_key, sign_in.account_id) = (None, None);
    home.store().update(|document| document.set_sign_in(&sign_in)).unwrap();
    let expected = GOLDEN
        .replace(r#""sk-1""#, "null")
        .replace(r#""account_id": "1""#, r#""account_id": null"#);
    assert_eq!(read(home.auth_json()), expected);
}

#[test]
fn new_key_is_written_byte_for_byte() {
    let home = Home::new();
    let key = ApiKey::new("sk-1").unwrap();
    home.store().update(|document| document.set_api_key(&key)).unwrap();
    let expected = "{\n  \"auth_mode\": \"apikey\",\n  \"OPENAI_API_KEY\": \"sk-1\"\n}";
    assert_eq!(read(home.auth_json()), expected);
}

#[test]
fn written_sign_in_is_read_back() {
    let home = Home::holding(GOLDEN);
    let document = home.store().load().unwrap().unwrap();
    assert_eq!(document.auth_mode(), Some(AuthMode::ChatGpt));
    assert_eq!(document.api_key().unwrap().expose(), "sk-1");
    assert_eq!(document.id_token().unwrap().expose(), "id-1");
    assert_eq!(document.access_token().unwrap().expose(), "access-1");
    assert_eq!(document.refresh_token().unwrap().expose(), "refresh-1");
    assert_eq!(document.account_id(), Some("1"));
    assert_eq!(document.last_refresh(), "2026-11-21T18:48:46.859879Z".parse().ok());
}

/// Fields of other programs in `tokens` are about the old tokens.
// threats 169 221
#[test]
fn new_sign_in_keeps_fields_of_other_programs() {
    let before = r#"{"last_refresh":null,"agent_identity":{"n":12345678901234567890123.50},
        "tokens":{"oauth_provenance":{"issuer":"i"},"access_token":"old","login_owner_id":"o"},
        "access_token":"flat","expires_at":1,"theirs":{"tokens":{}}}"#;
    let home = Home::holding(before);
    home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    let after = r#"{
  "last_refresh": "2026-11-21T18:48:46.859879Z",
  "agent_identity": {"n":12345678901234567890123.50},
  "tokens": {
    "id_token": "id-1",
    "access_token": "access-1",
    "refresh_token": "refresh-1",
    "account_id": "1"
  },
  "theirs": {"tokens":{}},
  "auth_mode": "chatgpt",
  "OPENAI_API_KEY": "sk-1"
}"#;
    assert_eq!(read(home.auth_json()), after);
}

// threats 168
#[test]
fn truncated_file_is_an_error_and_unchanged() {
    let is_refused = |length| {
        let home = Home::holding(&GOLDEN[..length]);
        let loaded = home.store().load().map(drop);
        let updated = home.store().update(|document| document.set_sign_in(&sign_in("2")));
        for outcome in [loaded, updated] {
            assert!(
                matches!(outcome, Err(Error::Corrupt { kind: ParseErrorKind::Truncated, .. })),
                "{length}: {outcome:?}"
            );
        }
        assert_eq!(read(home.auth_json()), GOLDEN[..length]);
        assert_eq!(home.names(), AFTER_A_SAVE);
    };
    // Each is read again for a moment.
    std::thread::scope(|scope| {
        (1..GOLDEN.len()).for_each(|length| drop(scope.spawn(move || is_refused(length))));
    });
}

// threats 168
#[test]
fn corrupt_file_is_reported_without_its_content() {
    let home =
        Home::holding("{\n  \"canary-key\": 1,\n  \"tokens\": {\"id_token\": [\"canary\"]}\n}");
    let error = home.store().load().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}, line 3, column 26, field tokens.id_token: the value has the wrong type or form",
            home.auth_json().display()
        )
    );
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");

    write(home.auth_json(), r#"{"canary": 1, "canary": 2}"#);
    let error = home.store().load().unwrap_err();
    assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
}

// threats 168
#[test]
fn file_over_the_size_limit_is_not_read() {
    let limit = 1024 * 1024;
    let home = Home::holding([b"{}".as_slice(), &vec![b' '; limit - 2]].concat());
    assert!(home.store().load().unwrap().is_some());

    let home = Home::holding([b"{}".as_slice(), &vec![b' '; limit - 1]].concat());
    let error = home.store().load().unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
}

/// A person or an interrupted program may leave an empty file.
// threats 168 221
#[test]
fn empty_file_is_not_a_sign_in_and_is_written() {
    for empty in ["", "\n", " \r\n\t"] {
        let home = Home::holding(empty);
        assert!(home.store().load().unwrap().is_none());
        home.store().check_writable().unwrap();
        home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
        assert_eq!(read(home.auth_json()), GOLDEN);
        assert_eq!(home.names(), AFTER_A_SAVE);
    }
}

// threats 168
#[test]
fn new_sign_in_backs_up_a_corrupt_file() {
    let too_large = " ".repeat(2 * 1024 * 1024);
    for broken in ["{\"tokens\":", too_large.as_str()] {
        let home = Home::holding(broken);
        let now = "2026-11-21T18:48:46.5Z".parse().unwrap();
        let ((), copy) =
            update_with_backup(&home.store(), now, |document| document.set_sign_in(&sign_in("1")))
                .unwrap();
        let copy = copy.unwrap();
        assert_eq!(copy, home.file("auth.json.corrupt-20261121T184846.500000Z"));
        assert_eq!(read(copy), broken);
        assert_eq!(read(home.auth_json()), GOLDEN);
        assert_eq!(home.names().len(), AFTER_A_SAVE.len() + 1);
    }
}

#[test]
fn new_sign_in_changes_a_readable_file_without_backup() {
    let home = Home::holding(r#"{"x": 1}"#);
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    let ((), copy) =
        update_with_backup(&home.store(), now, |document| document.set_sign_in(&sign_in("1")))
            .unwrap();
    assert!(copy.is_none());
    assert!(read(home.auth_json()).starts_with("{\n  \"x\": 1,\n"));
    assert_eq!(home.names(), AFTER_A_SAVE);
}
