use super::*;
use crate::SignIn;
use crate::wipe::put;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

#[track_caller]
fn corrupt(text: &[u8], problem: Problem, line: usize, column: usize, field: Option<&str>) {
    let field = field.map(str::to_owned);
    let expected = Defect { line, column, field, problem };
    assert_eq!(parse(text).unwrap_err(), expected, "{}", text.escape_ascii());
}

// threats 168
#[test]
fn a_text_that_is_not_json_is_corrupt_where_it_stops() {
    corrupt(b"", Problem::Syntax, 1, 0, None);
    corrupt(b"{\n  \"tokens\": {", Problem::Syntax, 2, 13, Some("tokens"));
    corrupt(b"{} {}", Problem::Syntax, 1, 4, None);
    corrupt(b"{\"a\": \0}", Problem::Syntax, 1, 7, Some("*"));
    corrupt(b"\xef\xbb\xbf{}", Problem::ByteOrderMark, 1, 1, None);
    corrupt(b"{\n\"a\": \"\xff\"}", Problem::Encoding, 2, 7, None);
    let deep = [b"{\"a\":".repeat(200), b"}".repeat(200)].concat();
    assert_eq!(parse(&deep).unwrap_err().problem, Problem::Syntax);
}

// threats 168
#[test]
fn a_key_that_occurs_twice_is_corrupt_at_every_level() {
    corrupt(b"{\"tokens\":1,\"tokens\":2}", Problem::DuplicateKey, 1, 21, Some("tokens"));
    let twice = b"{\"tokens\":{\"id_token\":\"\",\n\"id_token\":\"\"}}";
    corrupt(twice, Problem::DuplicateKey, 2, 11, Some("tokens.id_token"));
    let escaped = b"{\"x\":[{\"\\u0061\":1,\"a\":2}]}";
    corrupt(escaped, Problem::DuplicateKey, 1, 22, Some("*.*.*"));
}

// threats 168
#[test]
fn a_field_of_the_wrong_type_or_form_is_named() {
    for (text, field) in [
        ("[]", None),
        ("null", None),
        ("7", None),
        (r#"{"auth_mode":7}"#, Some("auth_mode")),
        (r#"{"OPENAI_API_KEY":["sk-1"]}"#, Some("OPENAI_API_KEY")),
        (r#"{"OPENAI_API_KEY":"sk-1\n"}"#, Some("OPENAI_API_KEY")),
        (r#"{"tokens":[]}"#, Some("tokens")),
        (r#"{"tokens":"x"}"#, Some("tokens")),
        (r#"{"tokens":{"id_token":{}}}"#, Some("tokens.id_token")),
        (r#"{"tokens":{"access_token":1}}"#, Some("tokens.access_token")),
        (r#"{"tokens":{"refresh_token":"a\u0000"}}"#, Some("tokens.refresh_token")),
        (r#"{"tokens":{"account_id":false}}"#, Some("tokens.account_id")),
        (r#"{"last_refresh":1795286926}"#, Some("last_refresh")),
        (r#"{"last_refresh":"yesterday"}"#, Some("last_refresh")),
        (r#"{"last_refresh":"2026-11-21T18:48:46"}"#, Some("last_refresh")),
    ] {
        let defect = parse(text.as_bytes()).unwrap_err();
        assert_eq!((defect.problem, defect.field.as_deref()), (Problem::Shape, field), "{text}");
        assert!(defect.line == 1 && defect.column <= text.len(), "{text}: {defect:?}");
    }
}

/// A number as it may stand in a file, also one that no machine type holds.
fn number() -> impl Strategy<Value = Value> {
    let text = r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?";
    text.prop_map(|text| serde_json::from_str(&text).unwrap())
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

/// An object whose keys are in no particular order, and none of ours.
fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let key = "\\PC{0,6}".prop_filter("ours", |key| !NAMES.contains(&key.as_str()));
    prop::collection::vec((key, value), 0..4).prop_map(|fields| fields.into_iter().collect())
}

fn sign_in() -> SignIn {
    SignIn {
        id_token: IdToken::new("i").unwrap(),
        access_token: AccessToken::new("a").unwrap(),
        refresh_token: RefreshToken::new("r").unwrap(),
        account_id: None,
        api_key: Some(ApiKey::new("sk-1").unwrap()),
        last_refresh: Timestamp::UNIX_EPOCH,
    }
}

proptest! {
    // threats 169
    #[test]
    fn what_is_not_ours_comes_back_as_it_was(
        before in object(anything()),
        within in object(anything()),
        after in object(anything()),
    ) {
        let mut file = before;
        file.insert("tokens".into(), within.into());
        file.extend(after);
        let text = serde_json::to_vec(&file).unwrap();

        let mut document = parse(&text).unwrap();
        prop_assert_eq!(
            serialize(&document).unwrap().to_vec(),
            serde_json::to_vec_pretty(&file).unwrap()
        );

        document.set_sign_in(&sign_in());
        file.insert("auth_mode".into(), json!("chatgpt"));
        file.insert("OPENAI_API_KEY".into(), json!("sk-1"));
        let tokens = file["tokens"].as_object_mut().unwrap();
        put(tokens, "id_token", json!("i"));
        put(tokens, "access_token", json!("a"));
        put(tokens, "refresh_token", json!("r"));
        put(tokens, "account_id", json!(null));
        file.insert("last_refresh".into(), json!("1970-01-01T00:00:00.000000Z"));
        prop_assert_eq!(
            serialize(&document).unwrap().to_vec(),
            serde_json::to_vec_pretty(&file).unwrap()
        );
    }

    // threats 168
    #[test]
    fn no_text_makes_the_parser_panic(text in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&text);
    }
}

// threats 169
#[test]
fn a_number_keeps_its_digits() {
    let text = br#"{"n":[1e+400,0.1000000000000000055511,123456789012345678901234567890,-0]}"#;
    let bytes = serialize(&parse(text).unwrap()).unwrap();
    let compact: String = std::str::from_utf8(&bytes).unwrap().split_whitespace().collect();
    assert_eq!(compact.as_bytes(), text);
}
