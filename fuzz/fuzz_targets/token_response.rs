//! A successful token response, decoded as that of a grant and of a refresh, and compared with a second
//! implementation of the same rules. A token is decoded exactly as it was sent. The error for an invalid
//! body contains no byte of it.

#![no_main]

use credentials::{AccessToken, IdToken, RefreshToken};
use fuzz::ascii::{is_visible, is_visible_or_space};
use fuzz::json::Json;
use http_client::DecodeError;
use libfuzzer_sys::fuzz_target;
use token_client::fuzzing::{CONTENT_TYPE, refresh_response, token_response};
use token_client::{Error, RefreshResponse, TokenResponse};

fuzz_target!(|body: &[u8]| {
    let json = Json::read(body).filter(|_| str::from_utf8(body).is_ok());
    let is_readable = |json: &Json| match json.is_object() {
        true => json.has_names(),
        false => json.is_readable(0),
    };
    let json = json.filter(is_readable);
    let is_json = json.is_some();
    let object = json.filter(Json::is_object);
    let refreshed = decoded(refresh_response(body), is_json);
    check_refresh(refreshed.as_ref(), object.as_ref());
    check_grant(decoded(token_response(body), is_json).as_ref(), refreshed.as_ref());
});

/// The decoded response. The error of an invalid body names at most one of the known fields, and says "not
/// JSON" only if it is not JSON.
fn decoded<T>(outcome: Result<T, Error>, is_json: bool) -> Option<T> {
    match outcome {
        Ok(response) => return Some(response),
        Err(Error::InvalidResponse(DecodeError::Shape { field })) => {
            assert!(FIELDS.contains(&field.as_str()), "{field}");
        }
        Err(Error::InvalidResponse(DecodeError::NotAnObject)) => {}
        Err(Error::InvalidResponse(DecodeError::NotJson { status: 200, content_type })) => {
            assert_eq!((content_type.as_deref(), is_json), (Some(CONTENT_TYPE), false));
        }
        // A body with an `error` and without a token.
        Err(Error::ErrorResponse(response)) => assert!(is_json && response.status == 200),
        Err(other) => panic!("{other:?}"),
    }
    None
}

const FIELDS: [&str; 7] =
    [".", "id_token", "access_token", "refresh_token", "token_type", "expires_in", "scope"];

/// A grant is a refresh with an access token.
fn check_grant(granted: Option<&TokenResponse>, refreshed: Option<&RefreshResponse>) {
    let expected = refreshed.filter(|it| it.access_token.is_some());
    assert_eq!(granted.is_some(), expected.is_some());
    let Some((granted, expected)) = granted.zip(expected) else { return };
    let exposed = (expected.access_token.as_ref()).map(AccessToken::expose);
    assert_eq!(Some(granted.access_token.expose()), exposed);
    let exposed = |token: &Option<RefreshToken>| token.as_ref().map(|it| it.expose().to_owned());
    assert_eq!(exposed(&granted.refresh_token), exposed(&expected.refresh_token));
    let exposed = |token: &Option<IdToken>| token.as_ref().map(|it| it.expose().to_owned());
    assert_eq!(exposed(&granted.id_token), exposed(&expected.id_token));
    assert_eq!((granted.expires_in, &granted.scope), (expected.expires_in, &expected.scope));
}

/// Each field is either decoded or named as unusable, independent of the others.
fn check_refresh(refreshed: Option<&RefreshResponse>, answer: Option<&Json>) {
    let rules = [is_visible, is_visible, is_visible_or_space, is_bearer];
    // An empty string is absent, as null is.
    let is_absent = |field: &Json| *field == Json::Null || field.text() == Some("");
    let fields = answer.and_then(|answer| {
        let [id, access, refresh, kind, lifetime, scope] = NAMES.map(|name| answer.only(name));
        let has_no_token = NAMES[..3].iter().all(|name| is_absent(answer.last(name)));
        let is_error = answer.has("error") && has_no_token;
        if is_error { None } else { Some([id?, access?, refresh?, kind?, lifetime?, scope?]) }
    });
    assert_eq!(refreshed.is_some(), fields.is_some());
    let Some((refreshed, fields)) = refreshed.zip(fields) else { return };
    let good = [0, 1, 2, 3].map(|n| fields[n].text().filter(|text| rules[n](text)));
    let is_odd = |n: &usize| good[*n].is_none() && !is_absent(fields[*n]);
    let odd: Vec<_> = (0..4).filter(is_odd).map(|n| NAMES[n]).collect();
    let [id_token, access_token, refresh_token, _] = good;
    let access_token = access_token.filter(|_| !odd.contains(&"token_type"));
    assert_eq!(refreshed.id_token.as_ref().map(IdToken::expose), id_token);
    assert_eq!(refreshed.access_token.as_ref().map(AccessToken::expose), access_token);
    assert_eq!(refreshed.refresh_token.as_ref().map(RefreshToken::expose), refresh_token);
    assert_eq!(refreshed.scope.as_deref(), fields[5].text().filter(|text| !text.is_empty()));
    assert_eq!(refreshed.unusable, odd);
    check_shown(refreshed);
}

const NAMES: [&str; 6] =
    ["id_token", "access_token", "refresh_token", "token_type", "expires_in", "scope"];

fn is_bearer(text: &str) -> bool {
    text.to_ascii_uppercase() == "BEARER"
}

fn check_shown(refreshed: &RefreshResponse) {
    let shown = |is_there: bool, name: &str| match is_there {
        true => format!("Some({name}([redacted]))"),
        false => "None".to_owned(),
    };
    let expected = format!(
        "RefreshResponse {{ access_token: {}, refresh_token: {}, id_token: {}, expires_in: {:?}, \
         scope: {:?}, unusable: {:?}, additional: {:?} }}",
        shown(refreshed.access_token.is_some(), "AccessToken"),
        shown(refreshed.refresh_token.is_some(), "RefreshToken"),
        shown(refreshed.id_token.is_some(), "IdToken"),
        refreshed.expires_in,
        refreshed.scope,
        refreshed.unusable,
        refreshed.additional,
    );
    assert_eq!(format!("{refreshed:?}"), expected);
}
