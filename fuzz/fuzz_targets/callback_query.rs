//! The query of a callback, compared with a second implementation that uses the parsers of the URL
//! Standard. Those replace invalid bytes, so the second implementation also checks that each value is
//! well-formed.

#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use oauth_callback_server::fuzzing::{
    CALLBACK_PATH, ISSUER, Outcome, PORT, STATE, callback_query, pasted_url,
};
use percent_encoding::percent_decode_str;

fuzz_target!(|query: &str| {
    let outcome = callback_query(query);
    check_error_text(&outcome);
    check_round_trip(&outcome);
    check_pasted(query, &outcome);
    assert_eq!(kind(outcome), expected(query), "{query:?}");
});

/// The outcome of a query, by the same rules in another order.
fn expected(query: &str) -> Outcome {
    use Outcome::*;
    let [state, code, error, description, iss] = given(query);
    let is_invalid = |it: &Given| matches!(it, Given::Repeated | Given::Malformed);
    if [&state, &code, &error].into_iter().any(is_invalid) || description == Given::Repeated {
        return BadRequest;
    }
    let (state, code, error) = (state.value(), code.value(), error.value());
    match (state, iss, error, code) {
        (Some(state), ..) if state != STATE => StateMismatch,
        (None, ..) => StateMismatch,
        (_, Given::Once(iss), ..) if !iss.is_empty() && iss != ISSUER => WrongIssuer,
        (_, Given::Repeated | Given::Malformed, ..) => WrongIssuer,
        (_, _, Some(_), _) => DENIED,
        (_, _, _, None) => MissingCode,
        (_, _, _, Some(code)) if code.chars().any(char::is_control) => BadRequest,
        (_, _, _, Some(code)) => Code(code),
    }
}

/// An error of the authorization server, with any text.
const DENIED: Outcome = Outcome::Denied { error: String::new(), error_description: None };

fn kind(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Denied { .. } => DENIED,
        other => other,
    }
}

/// The occurrences of a parameter.
#[derive(Debug, PartialEq)]
enum Given {
    Absent,
    Once(String),
    Malformed,
    Repeated,
}

fn given(query: &str) -> [Given; NAMES.len()] {
    let mut given = NAMES.map(|_| Given::Absent);
    for pair in query.split('&') {
        let Some((name, value)) = form_urlencoded::parse(pair.as_bytes()).next() else {
            continue;
        };
        if let Some(place) = NAMES.iter().position(|it| *it == name) {
            given[place] = match &given[place] {
                Given::Absent if is_well_formed(pair) => Given::Once(value.into_owned()),
                Given::Absent => Given::Malformed,
                _ => Given::Repeated,
            };
        }
    }
    given
}

const NAMES: [&str; 5] = ["state", "code", "error", "error_description", "iss"];

impl Given {
    fn value(self) -> Option<String> {
        match self {
            Self::Once(value) if !value.is_empty() => Some(value),
            _ => None,
        }
    }
}

fn is_well_formed(pair: &str) -> bool {
    let is_octet = |rest: &str| {
        rest.get(..2).is_some_and(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    pair.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
        && pair.split('%').skip(1).all(is_octet)
        && percent_decode_str(pair).decode_utf8().is_ok()
}

/// A code arrives unchanged in every encoding.
fn check_round_trip(outcome: &Outcome) {
    let Outcome::Code(code) = outcome else {
        return;
    };
    let encoded: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
    let bytes: String = code.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for code in [encoded, bytes] {
        assert_eq!(&callback_query(&format!("state={STATE}&code={code}")), outcome);
    }
}

/// A pasted URL has the outcome of a browser at this URL, or none.
fn check_pasted(query: &str, outcome: &Outcome) {
    let place = format!("localhost:{PORT}{CALLBACK_PATH}?");
    if let Some(pasted) = pasted_url(query) {
        let is_wrapped = query.contains(['%', '\\', '^', '`', '\n']) || query.contains("&amp;");
        assert!(query.contains(STATE) || is_wrapped, "{query:?}: {pasted:?}");
        let has_path = query.to_ascii_lowercase().contains(CALLBACK_PATH);
        assert!(has_path || is_wrapped, "{query:?}: {pasted:?}");
    }
    // No browser sends these characters unencoded, or they surround a URL that was copied.
    let is_stray = |c: char| !c.is_ascii_graphic() || "\"'`<>()[]{}|^#\\".contains(c);
    let ends_a_sentence = query.ends_with(['.', ',', ';']);
    // A URL may be in a parameter of another URL.
    let is_wrapped = query.contains("&amp;") || query.contains("http");
    if query.contains(is_stray) || ends_a_sentence || is_wrapped || query.len() > 8000 {
        return;
    }
    let ends_the_wait =
        matches!(outcome, Outcome::Code(_) | Outcome::Denied { .. } | Outcome::WrongIssuer);
    let expected = ends_the_wait.then(|| outcome.clone());
    assert_eq!(pasted_url(&format!("http://{place}{query}")), expected, "{query:?}");
    assert_eq!(pasted_url(&format!("  {place}{query}#x\n")), expected, "{query:?}");
}

/// The text of an authorization server is one short line of printable characters.
fn check_error_text(outcome: &Outcome) {
    let Outcome::Denied { error, error_description } = outcome else {
        return;
    };
    for text in [Cow::from(error), error_description.as_deref().unwrap_or_default().into()] {
        assert!(text.chars().count() <= 201, "{text:?}");
        assert!(!text.chars().any(is_unprintable), "{text:?}");
    }
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
