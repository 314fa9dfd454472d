//! The claims of a token and their checks, compared with a second implementation of the same rules with
//! another decoder. An input without a line break is a token. Otherwise it is a header, a line break and a
//! payload, which are encoded first.

#![no_main]

use credentials::{AccessToken, ClaimMismatch, IdToken, IdTokenValidation, MalformedJwt};
use data_encoding::BASE64URL_NOPAD;
use fuzz::ascii::is_visible;
use fuzz::json::Json;
use libfuzzer_sys::fuzz_target;
use login::openai::Claims;

fuzz_target!(|input: &[u8]| {
    match input.iter().position(|byte| *byte == b'\n') {
        None => check_token(&String::from_utf8_lossy(input)),
        Some(end) => {
            let (header, payload) = (&input[..end], &input[end + 1..]);
            let [header, payload] = [header, payload].map(|part| BASE64URL_NOPAD.encode(part));
            check_token(&format!("{header}.{payload}.c2ln"));
        }
    }
});

fn check_token(text: &str) {
    let (id_token, access_token) = (IdToken::new(text), AccessToken::new(text));
    assert_eq!((id_token.is_ok(), access_token.is_ok()), (is_visible(text), is_visible(text)));
    let (Ok(id_token), Ok(access_token)) = (id_token, access_token) else { return };
    assert_eq!(format!("{id_token:?}{access_token:?}"), SHOWN);
    let claims = Claims::decode_id_token_without_verifying(&id_token);
    assert_eq!(claims, Claims::decode_access_token_without_verifying(&access_token));
    match (claims, payload(text)) {
        (Ok(claims), Ok(payload)) => check_claims(&claims, &payload),
        (claims, Ok(payload)) => {
            let is_odd = |name: &&str| !payload.last(name).is_readable(1);
            assert!(payload.has_private_number() || DATES.iter().any(is_odd), "{claims:?}");
        }
        (claims, Err(why)) => assert_eq!(claims, Err(why)),
    }
}

const SHOWN: &str = "IdToken([redacted])AccessToken([redacted])";

/// The claims set, unless the token is refused.
fn payload(text: &str) -> Result<Json, MalformedJwt> {
    let parts: Vec<_> = text.split('.').collect();
    let [header, payload, _] = parts[..] else { return Err(MalformedJwt::Parts) };
    if parts.contains(&"") {
        return Err(MalformedJwt::Parts);
    }
    let header = object(header, MalformedJwt::Header)?;
    let alg = header.only("alg").and_then(Json::text).ok_or(MalformedJwt::Header)?;
    if alg.to_ascii_lowercase() == "none" {
        return Err(MalformedJwt::Unsigned);
    }
    let payload = object(payload, MalformedJwt::Claims)?;
    let is_read = |name, claim: &Json| DATES.contains(&name) || claim.is_readable(1);
    let is_sound = |name| payload.only(name).is_some_and(|claim| is_read(name, claim));
    if READ.into_iter().all(is_sound) { Ok(payload) } else { Err(MalformedJwt::Claims) }
}

fn object(part: &str, otherwise: MalformedJwt) -> Result<Json, MalformedJwt> {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| MalformedJwt::Encoding)?;
    let json = Json::read(&bytes).filter(|json| json.is_object() && json.has_names());
    json.ok_or(otherwise)
}

const OPENAI: &str = "https://api.openai.com/auth";
/// Numbers of any size: they are read from their source text.
const DATES: [&str; 4] = ["exp", "iat", "nbf", "auth_time"];
const READ: [&str; 14] = [
    "iss",
    "sub",
    "aud",
    "azp",
    "client_id",
    "exp",
    "iat",
    "nbf",
    "auth_time",
    "acr",
    "nonce",
    "email",
    "name",
    OPENAI,
];

fn check_claims(claims: &Claims, payload: &Json) {
    if READ.iter().any(|name| payload.last(name).has_private_number()) {
        return;
    }
    let Claims { iss, sub, azp, acr, nonce, email, name, .. } = claims;
    let texts = [iss, sub, azp, acr, nonce, email, name];
    check_texts(texts, payload, ["iss", "sub", "azp", "acr", "nonce", "email", "name"]);
    assert_eq!(claims.exp, date(payload.last("exp")));
    assert_eq!(claims.iat, date(payload.last("iat")));
    assert_eq!(claims.nbf, date(payload.last("nbf")));
    assert_eq!(claims.auth_time, date(payload.last("auth_time")));
    assert_eq!(claims.aud, audience(payload.last("aud")));
    check_openai(claims, payload.last(OPENAI));
    [i64::MIN, NOW, i64::MAX].iter().for_each(|now| check_verdict(claims, *now));
    check_person(claims);
}

fn check_texts<const N: usize>(
    texts: [&Option<String>; N],
    claims: &Json,
    names: [&'static str; N],
) {
    let expected = names.map(|name| claims.last(name).text().filter(|text| !text.is_empty()));
    assert_eq!(texts.map(Option::as_deref), expected, "{names:?}");
}

fn check_openai(claims: &Claims, expected: &Json) {
    let own = &claims.additional.auth;
    let is_true = |name| *expected.last(name) == Json::Bool(true);
    assert_eq!(own.is_org_owner, is_true("is_org_owner"));
    assert_eq!(own.completed_platform_onboarding, is_true("completed_platform_onboarding"));
    let texts = [
        &own.organization_id,
        &own.project_id,
        &own.chatgpt_account_id,
        &own.chatgpt_user_id,
        &own.user_id,
        &own.chatgpt_plan_type,
    ];
    let names = [
        "organization_id",
        "project_id",
        "chatgpt_account_id",
        "chatgpt_user_id",
        "user_id",
        "chatgpt_plan_type",
    ];
    check_texts(texts, expected, names);
}

/// Rounded down to seconds, and limited to the range of an `i64`.
fn date(claim: &Json) -> Option<i64> {
    let Json::Number(digits) = claim else { return None };
    let whole = digits.parse::<i128>().map(|it| it.clamp(i64::MIN.into(), i64::MAX.into()) as i64);
    let rounded = || digits.parse::<f64>().unwrap().floor() as i64;
    Some(whole.unwrap_or_else(|_| rounded()))
}

fn audience(claim: &Json) -> Option<Vec<String>> {
    match claim {
        Json::Null => None,
        Json::List(all) => Some(all.iter().filter_map(Json::text).map(str::to_owned).collect()),
        one => Some(one.text().into_iter().map(str::to_owned).collect()),
    }
}

const ISSUER: &str = "https://issuer.example";
const CLIENT: &str = "app_1";
const NOW: i64 = 1_000_000;

/// The error is that of the first broken rule.
fn check_verdict(claims: &Claims, now: i64) {
    let since = |date: i64| i128::from(now) - i128::from(date);
    let named = |aud: &Vec<String>| aud.iter().filter(|it| *it == CLIENT).count();
    let broken = [
        (claims.iss.as_ref().is_some_and(|iss| iss != ISSUER), ClaimMismatch::Issuer),
        (claims.aud.as_ref().is_some_and(|aud| named(aud) == 0), ClaimMismatch::Audience),
        (claims.aud.is_some() && !is_party(claims), ClaimMismatch::Audience),
        (claims.exp.is_some_and(|exp| since(exp) > 300), ClaimMismatch::Expired),
        (claims.iat.is_some_and(|iat| since(iat) < -300), ClaimMismatch::IssuedInTheFuture),
        (claims.nbf.is_some_and(|nbf| since(nbf) < -300), ClaimMismatch::NotYetValid),
        (!(1..=255).contains(&length(claims.sub.as_deref())), ClaimMismatch::MissingSubject),
    ];
    let first = broken.into_iter().find(|(is_broken, _)| *is_broken).map(|(_, why)| why);
    let expected = IdTokenValidation::new(ISSUER, CLIENT, now);
    assert_eq!(claims.check(&expected).err(), first);
    let origin = first.filter(|it| [ClaimMismatch::Issuer, ClaimMismatch::Audience].contains(it));
    assert_eq!(claims.check_origin(ISSUER, CLIENT).err(), origin);
}

fn length(text: Option<&str>) -> usize {
    text.map_or(0, |text| text.chars().count())
}

/// Whether the client is the authorized party, or the only audience.
fn is_party(claims: &Claims) -> bool {
    let several = claims.aud.as_ref().is_some_and(|aud| aud.len() > 1);
    claims.azp.as_deref().map_or(!several, |azp| azp == CLIENT)
}

fn check_person(claims: &Claims) {
    let mut before = Claims::default();
    assert_eq!(claims.check_subject_unchanged(&before), Ok(()));
    before.sub = Some("user-1".to_owned());
    let is_other = claims.sub.as_ref().is_some_and(|sub| sub != "user-1");
    assert_eq!(claims.check_subject_unchanged(&before).is_err(), is_other);
    assert_eq!(claims.check_subject_unchanged(claims), Ok(()));
}
