use super::*;
use crate::SignIn;
use credentials::{AccessToken, ApiKey, IdToken, RefreshToken};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::HashSet;

#[track_caller]
fn corrupt(text: &[u8], kind: ParseErrorKind, line: usize, column: usize) {
    let expected = ParseError { line, column, field: None, kind };
    assert_eq!(parse(text).unwrap_err(), expected, "{}", text.escape_ascii());
}

// threats 168
#[test]
fn syntax_error_has_the_position_of_the_error() {
    corrupt(b"", ParseErrorKind::Truncated, 1, 0);
    corrupt(b"{\n  \"tokens\": {", ParseErrorKind::Truncated, 2, 13);
    corrupt(b"{} {}", ParseErrorKind::Syntax, 1, 4);
    corrupt(b"{\"a\": \0}", ParseErrorKind::Truncated, 1, 7);
    corrupt(b"{\"a\": x}", ParseErrorKind::Syntax, 1, 7);
    corrupt(b"\xef\xbb\xbf{}", ParseErrorKind::ByteOrderMark, 1, 1);
    corrupt(b"{\n\"a\": \"\xff\"}", ParseErrorKind::Encoding, 2, 7);
    let deep = [b"{\"a\":".repeat(200), b"}".repeat(200)].concat();
    assert_eq!(parse(&deep).unwrap_err().kind, ParseErrorKind::Syntax);
}

// threats 221
#[test]
fn comments_and_commas_are_reported_at_their_position() {
    let comment = |text: &str, line, column| {
        let defect = parse(text.as_bytes()).unwrap_err();
        let found = (defect.kind, defect.line, defect.column);
        assert_eq!(found, (ParseErrorKind::Comment, line, column), "{text}");
    };
    comment("// theirs\n{}", 1, 1);
    comment("# theirs\n{}", 1, 1);
    comment("{\n  // theirs\n  \"a\": 1\n}", 2, 3);
    comment("{\r\n  \"a\": 1, // theirs\r\n  \"b\": 2\r\n}", 2, 11);
    comment("{\n  \"a\": /* theirs */ 1\n}", 2, 8);
    comment("{\n  \"a\": [1, # theirs\n  2]\n}", 2, 12);
    comment("{\n  \"a\": 1 // theirs\n}", 2, 10);
    comment("{}\n// theirs", 2, 1);
    corrupt(b"{\n  \"a\": 1,\n}", ParseErrorKind::TrailingComma, 3, 1);
    corrupt(b"{\"a\": [1, ]}", ParseErrorKind::TrailingComma, 1, 11);
    corrupt(b"{\"a\": }", ParseErrorKind::Syntax, 1, 7);
    corrupt(b"{'a': 1}", ParseErrorKind::Syntax, 1, 2);
    corrupt(b"{\"a\": 1\n\"b\": 2}", ParseErrorKind::MissingComma, 2, 1);
    corrupt(b"{\"a\": [{}\n\"b\"]}", ParseErrorKind::MissingComma, 2, 1);
}

// threats 221
#[test]
fn sign_in_in_another_format_is_reported_if_there_is_no_other() {
    for (text, line, field) in [
        ("{\n\"access_token\": \"a\"}", 2, "access_token"),
        ("{\"type\":\"oauth\",\n\"refresh\":\"r\",\"access\":\"a\"}", 2, "refresh"),
        (r#"{"OPENAI_API_KEY":null,"tokens":{},"token":"a"}"#, 1, "token"),
        (r#"{"openai":{"type":"oauth","access":"a"}}"#, 1, "openai.access"),
        (r#"{"openai":"sk-1"}"#, 1, "openai"),
        (r#"{"auth_mode":"chatgpt","apiKey":"sk-1"}"#, 1, "apiKey"),
    ] {
        let defect = parse(text.as_bytes()).unwrap_err();
        let found = (defect.kind, defect.line, defect.field.as_deref());
        assert_eq!(found, (ParseErrorKind::Misplaced, line, Some(field)), "{text}");
    }
    for text in [
        r#"{"access_token":"a","OPENAI_API_KEY":"sk-1"}"#,
        r#"{"access_token":"a","tokens":{"access_token":"b"}}"#,
        r#"{"access_token":"","token":null,"type":"oauth"}"#,
        r#"{"openai":{"access":""},"theirs":{"access":"a"}}"#,
        r#"{"openai":null}"#,
        r#"{"openai":""}"#,
        r#"{"auth_mode":"theirs","token":"a"}"#,
    ] {
        assert!(parse(text.as_bytes()).is_ok(), "{text}");
    }
}

// threats 221
#[test]
fn tolerated_deviations_are_read() {
    let read = |text: &str| parse(text.as_bytes()).unwrap();
    assert_eq!(read("{\"last_refresh\":\"\"}").last_refresh(), None);
    assert!(read("{\r\n\"OPENAI_API_KEY\":\r\n\"sk-1\"\r\n}\r\n").is_signed_in());
    let decoded = |claims: &str| {
        read(&format!(
            r#"{{"tokens":{{"id_token":{claims},"access_token":"a","refresh_token":null}}}}"#
        ))
    };
    assert!(decoded(r#"{"email":"e","plan":{"x":[1]}}"#).is_signed_in());
    assert!(decoded(r#"{"email":"e"}"#).id_token().is_none());
    assert_eq!(decoded(r#"{"raw_jwt":"i.j.k"}"#).id_token().unwrap().expose(), "i.j.k");
    assert!(!decoded(r#"{"raw_jwt":"a"}"#).has_only_access_token());
}

// threats 168
#[test]
fn repeated_key_is_an_error_at_every_level() {
    corrupt(b"{\"tokens\":1,\"tokens\":2}", ParseErrorKind::DuplicateKey, 1, 13);
    let twice = b"{\"tokens\":{\"id_token\":\"\",\n\"id_token\":\"\"}}";
    corrupt(twice, ParseErrorKind::DuplicateKey, 2, 1);
    let escaped = b"{\"x\":[{\"\\u0061\":1,\"a\":2}]}";
    corrupt(escaped, ParseErrorKind::DuplicateKey, 1, 19);
}

// threats 168
#[test]
fn malformed_field_is_named() {
    for (text, field) in [
        ("[]", None),
        ("null", None),
        ("7", None),
        (r#"{"auth_mode":7}"#, Some("auth_mode")),
        (r#"{"OPENAI_API_KEY":["sk-1"]}"#, Some("OPENAI_API_KEY")),
        (r#"{"OPENAI_API_KEY":"sk-1\n"}"#, Some("OPENAI_API_KEY")),
        (r#"{"personal_access_token":"at-1\n"}"#, Some("personal_access_token")),
        (r#"{"tokens":[]}"#, Some("tokens")),
        (r#"{"tokens":"x"}"#, Some("tokens")),
        (r#"{"tokens":{"id_token":[]}}"#, Some("tokens.id_token")),
        (r#"{"tokens":{"access_token":1}}"#, Some("tokens.access_token")),
        (r#"{"tokens":{"refresh_token":"a\u0000"}}"#, Some("tokens.refresh_token")),
        (r#"{"tokens":{"account_id":false}}"#, Some("tokens.account_id")),
        (r#"{"last_refresh":1795286926}"#, Some("last_refresh")),
        (r#"{"last_refresh":"yesterday"}"#, Some("last_refresh")),
        (r#"{"last_refresh":"2026-11-21T18:48:46"}"#, Some("last_refresh")),
    ] {
        let defect = parse(text.as_bytes()).unwrap_err();
        assert_eq!(
            (defect.kind, defect.field.as_deref()),
            (ParseErrorKind::Shape, field),
            "{text}"
        );
        assert!(defect.line == 1 && defect.column <= text.len(), "{text}: {defect:?}");
    }
    for (text, line, column, field) in [
        ("{\n\"tokens\": {\n\"access_token\": \"\\n\"\n}\n}", 3, 17, "tokens.access_token"),
        ("{\n\"last_refresh\": \"now\"\n\n}", 2, 17, "last_refresh"),
        ("{\n\"token\": \"now\"\n\n}", 2, 10, "token"),
    ] {
        let error = parse(text.as_bytes()).unwrap_err();
        let found = (error.line, error.column, error.field.as_deref());
        assert_eq!(found, (line, column, Some(field)), "{text}");
    }
    corrupt(b"[\n\n]", ParseErrorKind::Shape, 1, 1);
}

/// A number as it may stand in a file, also one that no machine type holds.
fn number() -> impl Strategy<Value = String> {
    r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?"
}

/// The source text of a string.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// The source text of any JSON.
fn anything() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        number(),
        any::<String>().prop_map(|text| quoted(&text)),
        Just(r#""\u00e9\ud83d\ude00\/""#.to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| format!("[{}]", values.join(", "))),
            members(inner).prop_map(|members| indented(&members, 0)),
        ]
    })
}

/// Members of an object in no particular order, with none of the fields that this program reads.
fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<(String, String)>> {
    let name = "\\PC{0,6}".prop_filter("known", |name| !KNOWN.contains(&name.as_str()));
    prop::collection::vec((name, value), 0..4).prop_map(|mut members| {
        let mut snapshot = HashSet::new();
        members.retain(|(name, _)| snapshot.insert(name.clone()));
        members
    })
}

const KNOWN: [&str; 5] =
    ["auth_mode", "OPENAI_API_KEY", "personal_access_token", "tokens", "last_refresh"];

/// An object as this program writes one at this depth.
fn indented(members: &[(String, String)], depth: usize) -> String {
    if members.is_empty() {
        return "{}".to_owned();
    }
    let indent = "  ".repeat(depth);
    let line = |(name, value): &(String, String)| format!("{indent}  {}: {value}", quoted(name));
    let lines: Vec<String> = members.iter().map(line).collect();
    format!("{{\n{}\n{indent}}}", lines.join(",\n"))
}

fn member(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn written(document: &AuthDocument) -> String {
    String::from_utf8(serialize(document).unwrap().to_vec()).unwrap()
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
    fn fields_of_other_programs_keep_their_order_and_source_text(
        mut fields in members(anything()),
        tokens in members(anything()),
        location in any::<prop::sample::Index>(),
    ) {
        let location = location.index(fields.len() + 1);
        fields.insert(location, ("tokens".to_owned(), indented(&tokens, 1)));
        let text = indented(&fields, 0);

        let mut document = parse(text.as_bytes()).unwrap();
        prop_assert_eq!(written(&document), text);

        document.set_sign_in(&sign_in());
        let new = [("id_token", "\"i\""), ("access_token", "\"a\""), ("refresh_token", "\"r\""),
            ("account_id", "null")].map(|(name, value)| member(name, value));
        fields[location].1 = indented(&new, 1);
        fields.push(member("auth_mode", "\"chatgpt\""));
        fields.push(member("OPENAI_API_KEY", "\"sk-1\""));
        fields.push(member("last_refresh", "\"1970-01-01T00:00:00.000000Z\""));
        prop_assert_eq!(written(&document), indented(&fields, 0));
    }

    // threats 168
    #[test]
    fn parser_never_panics(text in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&text);
    }

    /// The place is one of the text, so that a person finds it.
    // threats 168 221
    #[test]
    fn error_position_is_inside_the_text(text in "[{}\\[\\]:,\"/#*a1\u{e9} \n\r\u{0}]{1,64}") {
        if let Err(defect) = parse(text.as_bytes()) {
            let lines: Vec<&str> = text.split('\n').collect();
            prop_assert!((1..=lines.len()).contains(&defect.line), "{defect:?}");
            prop_assert!(defect.column <= lines[defect.line - 1].len() + 1, "{defect:?}");
        }
    }
}

// threats 169
#[test]
fn numbers_keep_their_digits() {
    let text = br#"{"n":[1e+400,0.1000000000000000055511,123456789012345678901234567890,-0]}"#;
    let bytes = serialize(&parse(text).unwrap()).unwrap();
    let compact: String = std::str::from_utf8(&bytes).unwrap().split_whitespace().collect();
    assert_eq!(compact.as_bytes(), text);
}
