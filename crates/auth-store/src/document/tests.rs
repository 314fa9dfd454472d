use super::*;
use crate::format::{parse, serialize};

fn read(text: &str) -> AuthDocument {
    parse(text.as_bytes()).unwrap()
}

fn compact(document: &AuthDocument) -> String {
    let bytes = serialize(document).unwrap();
    std::str::from_utf8(&bytes).unwrap().split_whitespace().collect()
}

#[test]
fn sign_in_with_the_same_secrets_has_all_of_another_one() {
    let sign_in = |account: &str, token: &str, day: u32, key: &str| {
        read(&format!(
            r#"{{"auth_mode":"chatgpt","OPENAI_API_KEY":{key},"tokens":{{"account_id":"{account}","refresh_token":"{token}"}},
                "last_refresh":"2026-11-{day}T00:00:00Z"}}"#
        ))
    };
    let old = sign_in("a", "one", 20, "null");
    let has_all = |new: &AuthDocument| new.has_all_of(&old);
    assert!(
        has_all(&sign_in("a", "one", 20, "null")) && has_all(&sign_in("a", "one", 21, "\"sk-1\""))
    );
    // It may be another sign-in of that account, or of another person in the same workspace.
    let later = sign_in("a", "two", 21, "null");
    assert!(!has_all(&later) && later.is_successor_of(&old));
    assert!(!sign_in("a", "two", 20, "null").is_successor_of(&old));
    assert!(!sign_in("a", "two", 19, "null").is_successor_of(&old));
    assert!(!sign_in("b", "two", 21, "null").is_successor_of(&old));
    assert!(!has_all(&AuthDocument::default()));
    // A key is nowhere else.
    let with_key = sign_in("a", "one", 20, "\"sk-1\"");
    assert!(!old.has_all_of(&with_key) && with_key.has_all_of(&with_key));
    assert!(!read("{}").has_all_of(&read("{}")));
}

// threats 170
#[test]
fn last_refresh_accepts_every_time_with_a_zone() {
    let time = |text: &str| read(&format!(r#"{{"last_refresh":"{text}"}}"#)).last_refresh();
    let expected = "2026-11-21T18:48:46.859879Z".parse().ok();
    assert_eq!(time("2026-11-21T18:48:46.859879Z"), expected);
    assert_eq!(time("2026-11-21T18:48:46.859879+00:00"), expected);
    assert_eq!(time("2026-11-21T20:48:46.859879000+02:00"), expected);
    assert_eq!(read("{}").last_refresh(), None);
    assert_eq!(read(r#"{"last_refresh":null}"#).last_refresh(), None);
}

#[test]
fn last_refresh_is_written_with_microseconds() {
    assert_eq!(rfc_3339(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000000Z");
    let nanoseconds = "2026-11-21T18:48:46.123456789Z".parse().unwrap();
    assert_eq!(rfc_3339(nanoseconds), "2026-11-21T18:48:46.123456Z");
}

#[test]
fn access_token_sign_in_has_no_id_token_and_no_refresh_token() {
    let mut document =
        read(r#"{"OPENAI_API_KEY":"sk-1","x":1,"personal_access_token":"p","tokens":{"y":2}}"#);
    let token = AccessToken::new("a.b.c").unwrap();
    document.set_access_token_sign_in(&token, Some("acct-1"), Timestamp::UNIX_EPOCH);
    let expected = r#"{"OPENAI_API_KEY":null,"x":1,"tokens":{"id_token":"a.b.c",
        "access_token":"a.b.c","refresh_token":"","account_id":"acct-1"},
        "auth_mode":"chatgpt","last_refresh":"1970-01-01T00:00:00.000000Z"}"#;
    let expected: String = expected.split_whitespace().collect();
    assert_eq!(compact(&document), expected);
    assert!(document.is_signed_in() && document.access_token().is_some());
    assert!(document.id_token().is_none() && document.refresh_token().is_none());
    assert!(document.has_only_access_token());
}

#[test]
fn other_documents_are_not_an_access_token_sign_in() {
    for text in [
        "{}",
        r#"{"tokens":{}}"#,
        r#"{"tokens":{"id_token":"","access_token":""}}"#,
        r#"{"tokens":{"access_token":"a.b.c"}}"#,
        r#"{"tokens":{"id_token":"i.j.k","access_token":"a.b.c"}}"#,
        r#"{"tokens":{"id_token":"a.b.c","access_token":"a.b.c","refresh_token":"r"}}"#,
    ] {
        assert!(!read(text).has_only_access_token(), "{text}");
    }
}

#[test]
fn set_api_key_keeps_the_sign_in() {
    for (before, after) in [
        ("{}", r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-2"}"#),
        (
            r#"{"OPENAI_API_KEY":"sk-1","x":1}"#,
            r#"{"OPENAI_API_KEY":"sk-2","x":1,"auth_mode":"apikey"}"#,
        ),
        (
            r#"{"OPENAI_API_KEY":null,"tokens":{"access_token":"a"}}"#,
            r#"{"OPENAI_API_KEY":"sk-2","tokens":{"access_token":"a"},"auth_mode":"chatgpt"}"#,
        ),
        (
            r#"{"auth_mode":"chatgpt","tokens":null}"#,
            r#"{"auth_mode":"apikey","tokens":null,"OPENAI_API_KEY":"sk-2"}"#,
        ),
        (
            r#"{"auth_mode":"agentIdentity"}"#,
            r#"{"auth_mode":"agentIdentity","OPENAI_API_KEY":"sk-2"}"#,
        ),
    ] {
        let mut document = read(before);
        document.set_api_key(&ApiKey::new("sk-2").unwrap());
        assert_eq!(compact(&document), after);
    }
}

// threats 6
#[test]
fn debug_never_shows_a_secret() {
    let document = read(r#"{"OPENAI_API_KEY":"canary","tokens":{"access_token":"canary"}}"#);
    assert_eq!(format!("{document:?} {document:#?}"), "AuthDocument([redacted]) ".repeat(2).trim());
    let shown = format!("{:?} {:?}", document.access_token(), document.api_key());
    assert!(!shown.contains("canary"), "{shown}");
}

#[track_caller]
fn assert_mode(text: &str, mode: impl Into<Option<AuthMode>>, signed_in: bool) {
    let document = read(text);
    assert_eq!(document.auth_mode(), mode.into(), "{text}");
    assert_eq!(document.is_signed_in(), signed_in, "{text}");
}

fn other(name: &str) -> AuthMode {
    AuthMode::Other(name.to_owned())
}

// threats 170
#[test]
fn auth_mode_is_found_in_every_shape() {
    assert_mode("{}", None, false);
    assert_mode(r#"{"OPENAI_API_KEY":null}"#, None, false);
    assert_mode(r#"{"OPENAI_API_KEY":"","tokens":null}"#, None, false);
    assert_mode(r#"{"OPENAI_API_KEY":"sk-1"}"#, AuthMode::ApiKey, true);
    assert_mode(r#"{"OPENAI_API_KEY":"sk-1","tokens":{}}"#, AuthMode::ApiKey, true);
    let both = r#"{"OPENAI_API_KEY":"sk-1","tokens":{"access_token":"a"}}"#;
    assert_mode(both, AuthMode::ChatGpt, true);
    let key_only =
        r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-1","tokens":{"access_token":"a"}}"#;
    assert_mode(key_only, AuthMode::ApiKey, true);
    assert_mode(r#"{"auth_mode":"chatgpt","OPENAI_API_KEY":"sk-1"}"#, AuthMode::ChatGpt, false);
    assert_mode(r#"{"auth_mode":"apikey","tokens":{"access_token":"a"}}"#, AuthMode::ApiKey, false);
}

// threats 221
#[test]
fn sign_in_of_another_program_counts_as_signed_in() {
    let identity = r#"{"auth_mode":"agentIdentity","agent_identity":{}}"#;
    assert_mode(identity, other("agentIdentity"), true);
    let external =
        r#"{"auth_mode":"chatgptAuthTokens","tokens":{"access_token":"a","refresh_token":""}}"#;
    assert_mode(external, other("chatgptAuthTokens"), true);
    assert!(read(external).refresh_token().is_none());
    let bedrock = r#"{"OPENAI_API_KEY":"sk-1","bedrock_api_key":{"api_key":"x"}}"#;
    assert_mode(bedrock, other("bedrockApiKey"), true);
    assert_mode(r#"{"OPENAI_API_KEY":"sk-1","bedrock_api_key":null}"#, AuthMode::ApiKey, true);
    assert_eq!(read(bedrock).other_mode().as_deref(), Some("bedrockApiKey"));
    assert_eq!(read("{}").other_mode(), None);
}

// threats 221
#[test]
fn personal_access_token_takes_precedence_unless_auth_mode_is_set() {
    let pat = AuthMode::PersonalAccessToken;
    let alone = r#"{"OPENAI_API_KEY":null,"personal_access_token":"at-1"}"#;
    let beside = r#"{"OPENAI_API_KEY":"sk-1","tokens":{"access_token":"a"},
        "bedrock_api_key":{},"personal_access_token":"at-1"}"#;
    let written = r#"{"auth_mode":"personalAccessToken","personal_access_token":"at-1"}"#;
    for text in [alone, beside, written] {
        assert_mode(text, pat.clone(), true);
        assert_eq!(read(text).personal_access_token().unwrap().expose(), "at-1");
    }
    assert_mode(r#"{"auth_mode":"personalAccessToken"}"#, pat, false);
    let chatgpt =
        r#"{"auth_mode":"chatgpt","personal_access_token":"at-1","tokens":{"access_token":"a"}}"#;
    assert_mode(chatgpt, AuthMode::ChatGpt, true);
    assert!(read(chatgpt).personal_access_token().is_none());
}

#[test]
fn personal_access_token_is_written_as_codex_cli_writes_it() {
    let token = AccessToken::new("at-1").unwrap();
    let mut document = AuthDocument::default();
    document.set_personal_access_token_sign_in(&token);
    assert_eq!(compact(&document), r#"{"OPENAI_API_KEY":null,"personal_access_token":"at-1"}"#);

    let before = r#"{"auth_mode":"chatgpt","OPENAI_API_KEY":"sk-1","tokens":{"access_token":"a"},
        "x":1,"last_refresh":"2026-11-21T18:48:46Z","y":2}"#;
    let mut document = read(before);
    document.set_personal_access_token_sign_in(&token);
    let after = r#"{"OPENAI_API_KEY":null,"x":1,"y":2,"personal_access_token":"at-1"}"#;
    assert_eq!(compact(&document), after);
}

/// Codex CLI would use the key instead.
#[test]
fn set_api_key_keeps_the_mode_of_a_personal_access_token() {
    for (before, after) in [
        (
            r#"{"OPENAI_API_KEY":null,"personal_access_token":"at-1"}"#,
            r#"{"OPENAI_API_KEY":"sk-2","personal_access_token":"at-1"}"#,
        ),
        (
            r#"{"OPENAI_API_KEY":null,"bedrock_api_key":{"x":1}}"#,
            r#"{"OPENAI_API_KEY":"sk-2","bedrock_api_key":{"x":1}}"#,
        ),
    ] {
        let mut document = read(before);
        document.set_api_key(&ApiKey::new("sk-2").unwrap());
        assert_eq!(compact(&document), after);
    }
}

#[test]
fn oauth_provenance_is_read_and_written() {
    let mut document = parse(br#"{"tokens":{"access_token":"a"}}"#).unwrap();
    assert_eq!((document.issuer(), document.client_id()), (None, None));
    document.set_oauth_provenance("https://issuer.test", "app_1");
    let bytes = serialize(&document).unwrap();
    let compact: String = std::str::from_utf8(&bytes).unwrap().split_whitespace().collect();
    let expected = r#"{"tokens":{"access_token":"a","oauth_provenance":{"issuer":"https://issuer.test","client_id":"app_1"}}}"#;
    assert_eq!(compact, expected);
    assert_eq!(document.issuer(), Some("https://issuer.test"));
    assert_eq!(document.client_id(), Some("app_1"));
}

#[test]
fn malformed_oauth_provenance_is_ignored() {
    for provenance in ["null", "7", "[]", "{}", r#"{"client_id":""}"#, r#"{"client_id":7}"#] {
        let text = format!(r#"{{"tokens":{{"oauth_provenance":{provenance}}}}}"#);
        assert_eq!(parse(text.as_bytes()).unwrap().client_id(), None, "{text}");
    }
}
