//! The error response of a token endpoint: its text and its classification, compared with a second
//! implementation of the same rules. An input is the three digits of a status, a space, and a body.

#![no_main]

use fuzz::json::Json;
use fuzz::screen;
use http_client::ErrorResponse;
use libfuzzer_sys::fuzz_target;
use login::openai::{is_refresh_token_reused, requires_reauthentication};
use token_client::Error;
use token_client::fuzzing::{SECRET, error_response};

fuzz_target!(|input: &[u8]| {
    let (status, body) = split(input).unwrap_or((400, input));
    let Some(error) = error_response(status, body) else {
        return assert_eq!(status / 100, 2);
    };
    let json = Json::read(body).filter(|json| json.is_readable(0));
    if json.as_ref().is_none_or(|json| !json.has_private_number()) {
        check_words(&error, status, json.as_ref());
    }
    check_decisions(&error, status);
    check_text(&error);
});

fn split(input: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, body) = input.split_at_checked(3)?;
    let status = str::from_utf8(digits).ok()?.parse().ok()?;
    Some((status, body.strip_prefix(b" ")?)).filter(|(status, _)| (100..1000).contains(status))
}

fn words(error: &Error) -> &ErrorResponse {
    match error {
        Error::ErrorResponse(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

fn check_words(error: &Error, status: u16, json: Option<&Json>) {
    let refusal = words(error);
    assert_eq!(refusal.status, status);
    assert_eq!(refusal.is_json, json.is_some());
    let null = Json::Null;
    let body = json.unwrap_or(&null);
    let inner = body.last("error");
    let code = [inner, inner.last("code"), body.last("code"), inner.last("type")];
    assert_eq!(refusal.code, first(&code));
    let description = [
        body.last("error_description"),
        inner.last("message"),
        body.last("message"),
        body.last("detail"),
        body.last("detail").last("message"),
    ];
    assert_eq!(refusal.description, first(&description));
    assert_eq!(refusal.is_known_format, is_known_format(inner));
}

/// Whether it is an error object of OAuth or of the vendor.
fn is_known_format(error: &Json) -> bool {
    let is_part = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_');
    match (error, error.last("code")) {
        (Json::Text(Some(word)), _) => !word.is_empty() && word.chars().all(is_part),
        (Json::Object(_), Json::Text(_)) => true,
        (Json::Object(_), Json::Null) => matches!(error.last("message"), Json::Text(_)),
        _ => false,
    }
}

/// The first text with a visible character.
fn first(candidates: &[&Json]) -> Option<String> {
    let texts = candidates.iter().filter_map(|candidate| candidate.text());
    let shown = texts.map(|text| screen::cut(text, 200)).find(|text| !text.is_empty());
    shown.map(|text| without_secret(&text))
}

/// The text with each part of the secret replaced by one word.
fn without_secret(text: &str) -> String {
    let tells = |at: usize| text.get(at..at + TELLING).is_some_and(|run| SECRET.contains(run));
    let starts: Vec<_> = (0..text.len()).filter(|at| tells(*at)).collect();
    let is_hidden = |at: usize| starts.iter().any(|start| (*start..start + TELLING).contains(&at));
    let mut shown = String::new();
    for (at, c) in text.char_indices() {
        match is_hidden(at) {
            false => shown.push(c),
            true if at > 0 && is_hidden(at - 1) => {}
            true => shown.push_str("[hidden]"),
        }
    }
    shown
}

/// A part of the secret with this length is replaced.
const TELLING: usize = 12;

/// Both depend only on the status, the shape of the body and the error code.
fn check_decisions(error: &Error, status: u16) {
    let spent = b"refresh_token_reused".as_slice();
    let finals = [
        b"invalid_grant",
        spent,
        b"refresh_token_expired",
        b"refresh_token_invalidated",
        b"invalid_refresh_token",
        b"app_session_expired",
        b"app_session_terminated",
    ];
    let code = words(error).code.as_deref().unwrap_or_default().as_bytes();
    let is_unauthorized = status == 401 && words(error).is_known_format;
    assert_eq!(requires_reauthentication(error), finals.contains(&code) || is_unauthorized);
    assert_eq!(is_refresh_token_reused(error), code == spent);
    assert_eq!(error.is_transient(), !(0..500).contains(&status) || [408, 429].contains(&status));
    assert!(!is_refresh_token_reused(error) || requires_reauthentication(error));
    assert_eq!(error.retry_after(), None);
}

/// At most two texts of the server, on one line, without the secret of the request.
fn check_text(error: &Error) {
    let text = error.to_string();
    let said = format!("{text} {error:?}");
    let runs = SECRET.as_bytes().windows(TELLING).map(|run| str::from_utf8(run).unwrap());
    assert!(!runs.into_iter().any(|run| said.contains(run)), "{said}");
    assert!(screen::is_clean(&text), "{text:?}");
    assert!(text.chars().count() <= 2 * 200 + 50, "{text:?}");
}
