//! A body with which the token endpoint says yes, read as each of the answers that it could be,
//! against a second reading of the same rules. A token that is taken is the one that was sent, to the
//! byte; and what is said of a body that is not taken has no byte of it.

#![no_main]

use credentials::{AccessToken, ApiKey, IdToken, RefreshToken};
use fuzz::ascii::{is_visible, is_visible_or_space};
use fuzz::json::{DISGUISE, Json};
use http_client::DecodeError;
use libfuzzer_sys::fuzz_target;
use token_client::fuzzing::{CONTENT_TYPE, access_token_alone, all_tokens, issued_key, refreshed};
use token_client::{Error, Refreshed, Tokens};

fuzz_target!(|body: &[u8]| {
    let json = Json::read(body);
    let is_whole = json.as_ref().is_some_and(|json| json.is_whole(0));
    let answer = json.filter(|json| json.is_object() && json.has_names());
    check_all(taken(all_tokens(body), is_whole).as_ref(), answer.as_ref());
    check_alone(taken(access_token_alone(body), is_whole).as_ref(), answer.as_ref());
    check_key(taken(issued_key(body), is_whole).as_ref(), answer.as_ref());
    check_refresh(taken(refreshed(body), is_whole).as_ref(), answer.as_ref());
});

/// What was taken from a body. Of one that was not, only a field is named, and none but ours; and what
/// is JSON is never called anything else.
fn taken<T>(outcome: Result<T, Error>, is_json: bool) -> Option<T> {
    match outcome {
        Ok(taken) => return Some(taken),
        Err(Error::InvalidResponse(DecodeError::Shape { field })) => {
            assert!(FIELDS.contains(&field.as_str()) || field.ends_with(DISGUISE), "{field}");
        }
        Err(Error::InvalidResponse(DecodeError::NotJson { status: 200, content_type })) => {
            assert_eq!((content_type.as_deref(), is_json), (Some(CONTENT_TYPE), false));
        }
        Err(other) => panic!("{other:?}"),
    }
    None
}

const FIELDS: [&str; 5] = [".", "id_token", "access_token", "refresh_token", "token_type"];

fn check_all(tokens: Option<&Tokens>, answer: Option<&Json>) {
    let expected = answer.and_then(|answer| {
        let refresh_token = token(answer, "refresh_token", is_visible_or_space);
        let id_token = token(answer, "id_token", is_visible);
        Some([id_token?, access_token(answer, &["bearer"])?, refresh_token?])
    });
    let exposed = |Tokens { id_token, access_token, refresh_token }: &'_ Tokens| {
        [id_token.expose(), access_token.expose(), refresh_token.expose()].map(str::to_owned)
    };
    assert_eq!(tokens.map(exposed), expected.map(|all| all.map(str::to_owned)));
    assert!(tokens.is_none_or(|it| format!("{it:?}") == SHOWN), "{tokens:?}");
}

const SHOWN: &str = "Tokens { id_token: IdToken([redacted]), \
    access_token: AccessToken([redacted]), refresh_token: RefreshToken([redacted]) }";

fn check_alone(taken: Option<&AccessToken>, answer: Option<&Json>) {
    let expected = answer.and_then(|answer| access_token(answer, &["bearer"]));
    assert_eq!(taken.map(AccessToken::expose), expected);
}

fn check_key(taken: Option<&ApiKey>, answer: Option<&Json>) {
    let expected = answer.and_then(|answer| access_token(answer, &["n_a", "bearer"]));
    assert_eq!(taken.map(ApiKey::expose), expected);
}

fn access_token<'a>(answer: &'a Json, types: &[&str]) -> Option<&'a str> {
    let is_known = match answer.only("token_type")? {
        Json::Null => true,
        named => types.contains(&named.text()?.to_ascii_lowercase().as_str()),
    };
    token(answer, "access_token", is_visible).filter(|_| is_known)
}

fn token<'a>(answer: &'a Json, name: &str, is_allowed: fn(&str) -> bool) -> Option<&'a str> {
    answer.only(name)?.text().filter(|text| is_allowed(text))
}

/// Each field that is there is either taken or named.
fn check_refresh(refreshed: Option<&Refreshed>, answer: Option<&Json>) {
    let rules = [is_visible, is_visible, is_visible_or_space, is_bearer];
    let fields = answer.and_then(|answer| {
        let [id, access, refresh, kind] = FIELDS_OF_REFRESH.map(|name| answer.only(name));
        Some([id?, access?, refresh?, kind?])
    });
    let fields = fields.filter(|all| all.iter().all(|field| field.is_whole(1)));
    let Some((refreshed, fields)) = refreshed.zip(fields) else {
        let disguised = |all: [&Json; 4]| all.iter().any(|field| field.is_disguised());
        return assert!(refreshed.is_none() && fields.is_none_or(disguised));
    };
    let good = [0, 1, 2, 3].map(|n| fields[n].text().filter(|text| rules[n](text)));
    // An empty text stands for nothing, as null does.
    let is_absent = |field: &Json| *field == Json::Null || field.text() == Some("");
    let is_odd = |n: &usize| good[*n].is_none() && !is_absent(fields[*n]);
    let odd: Vec<_> = (0..4).filter(is_odd).map(|n| FIELDS_OF_REFRESH[n]).collect();
    let [id_token, access_token, refresh_token, _] = good;
    let access_token = access_token.filter(|_| !odd.contains(&"token_type"));
    assert_eq!(refreshed.id_token.as_ref().map(IdToken::expose), id_token);
    assert_eq!(refreshed.access_token.as_ref().map(AccessToken::expose), access_token);
    assert_eq!(refreshed.refresh_token.as_ref().map(RefreshToken::expose), refresh_token);
    assert_eq!(refreshed.unusable, odd);
    check_shown(refreshed);
}

const FIELDS_OF_REFRESH: [&str; 4] = ["id_token", "access_token", "refresh_token", "token_type"];

fn is_bearer(text: &str) -> bool {
    text.to_ascii_uppercase() == "BEARER"
}

fn check_shown(refreshed: &Refreshed) {
    let shown = |is_there: bool, name: &str| match is_there {
        true => format!("Some({name}([redacted]))"),
        false => "None".to_owned(),
    };
    let expected = format!(
        "Refreshed {{ id_token: {}, access_token: {}, refresh_token: {}, unusable: {:?} }}",
        shown(refreshed.id_token.is_some(), "IdToken"),
        shown(refreshed.access_token.is_some(), "AccessToken"),
        shown(refreshed.refresh_token.is_some(), "RefreshToken"),
        refreshed.unusable,
    );
    assert_eq!(format!("{refreshed:?}"), expected);
}
