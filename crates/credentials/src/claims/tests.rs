use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

const EXPECTED: IdTokenValidation<'_> = IdTokenValidation {
    issuer: "https://auth.openai.com",
    client_id: "app_1",
    now: 1_000_000,
    nonce: None,
};

fn read(payload: &str) -> Result<Claims, MalformedJwt> {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
    let token = format!("{header}.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
    Claims::decode_id_token_without_verifying(&IdToken::new(token).unwrap())
}

/// Asserts that the claims have a subject.
#[track_caller]
fn assert_check(payload: &Value, outcome: Result<(), ClaimMismatch>) {
    let mut payload = payload.clone();
    payload["sub"] = "auth0|ada".into();
    assert_eq!(read(&payload.to_string()).unwrap().check(&EXPECTED), outcome, "{payload}");
}

// threats 98
#[test]
fn issuer_is_compared_exactly_if_present() {
    assert_check(&json!({"iss": "https://auth.openai.com"}), Ok(()));
    assert_check(&json!({}), Ok(()));
    for iss in ["https://auth.openai.com/", "http://auth.openai.com", "HTTPS://auth.openai.com"] {
        assert_check(&json!({ "iss": iss }), Err(ClaimMismatch::Issuer));
    }
}

// threats 99
#[test]
fn audience_must_contain_the_client_id() {
    assert_check(&json!({"aud": "app_1"}), Ok(()));
    assert_check(&json!({"aud": ["app_1"]}), Ok(()));
    assert_check(&json!({"aud": ["app_1", "x"], "azp": "app_1"}), Ok(()));
    assert_check(&json!({ "aud": null }), Ok(()));
    for other in [
        json!({"aud": "app_2"}),
        json!({"aud": []}),
        json!({"aud": 7}),
        json!({"aud": ["x", "y"]}),
        json!({"aud": ["app_1", "x"]}),
        json!({"aud": "app_1", "azp": "app_2"}),
    ] {
        assert_check(&other, Err(ClaimMismatch::Audience));
    }
}

// threats 100
#[test]
fn five_minutes_of_clock_skew_are_tolerated_and_no_year_overflows() {
    assert_check(&json!({"exp": 999_700}), Ok(()));
    assert_check(&json!({"exp": 999_699}), Err(ClaimMismatch::Expired));
    assert_check(&json!({"exp": 999_699.9}), Err(ClaimMismatch::Expired));
    assert_check(&json!({"exp": -1}), Err(ClaimMismatch::Expired));
    assert_check(&json!({"exp": -1e308}), Err(ClaimMismatch::Expired));
    assert_check(&json!({"exp": 1e308}), Ok(()));
    let far = read(r#"{"exp":-1e400,"iat":1e400}"#).unwrap();
    assert_eq!((far.exp, far.iat), (Some(i64::MIN), Some(i64::MAX)));
    assert_check(&json!({"exp": i64::MAX}), Ok(()));
    assert_check(&json!({"exp": "soon"}), Ok(()));
    assert_check(&json!({"iat": 1_000_300}), Ok(()));
    assert_check(&json!({"iat": 1_000_301}), Err(ClaimMismatch::IssuedInTheFuture));
    assert_check(&json!({"nbf": 1_000_300}), Ok(()));
    assert_check(&json!({"nbf": 1_000_301}), Err(ClaimMismatch::NotYetValid));
}

// threats 101
#[test]
fn id_token_must_have_a_subject() {
    let check = |sub: Value| read(&json!({ "sub": sub }).to_string()).unwrap().check(&EXPECTED);
    for sub in ["a".to_owned(), "x".repeat(255), "\u{e9}".repeat(255)] {
        assert_eq!(check(json!(sub)), Ok(()), "{sub}");
    }
    for sub in [json!("x".repeat(256)), json!(""), json!(null), json!(7), json!(["a"])] {
        assert_eq!(check(sub.clone()), Err(ClaimMismatch::MissingSubject), "{sub}");
    }
    assert_eq!(read("{}").unwrap().check(&EXPECTED), Err(ClaimMismatch::MissingSubject));
}

// threats 101
#[test]
fn nonce_is_required_if_one_was_sent() {
    let expected = IdTokenValidation { nonce: Some("n-0S6_WzA2Mj"), ..EXPECTED };
    for (nonce, outcome) in [
        (json!("n-0S6_WzA2Mj"), Ok(())),
        (json!("n-0S6_WzA2M"), Err(ClaimMismatch::Nonce)),
        (json!(""), Err(ClaimMismatch::Nonce)),
        (json!(null), Err(ClaimMismatch::Nonce)),
        (json!(7), Err(ClaimMismatch::Nonce)),
    ] {
        assert_check(&json!({ "nonce": nonce }), Ok(()));
        let claims = read(&json!({"sub": "ada", "nonce": nonce}).to_string()).unwrap();
        assert_eq!(claims.check(&expected), outcome, "{nonce}");
    }
}

// threats 98 99 100 101
#[test]
fn id_token_without_a_required_claim_is_invalid() {
    let all = json!({
        "iss": EXPECTED.issuer, "sub": "ada", "aud": "app_1", "exp": 1_000_100, "iat": 1_000_000,
    });
    assert_eq!(read(&all.to_string()).unwrap().validate(&EXPECTED), Ok(()));
    for claim in ["iss", "aud", "exp", "iat", "sub"] {
        for odd in [json!(null), json!({})] {
            let mut claims = all.clone();
            claims[claim] = odd;
            let outcome = read(&claims.to_string()).unwrap().validate(&EXPECTED);
            assert!(outcome.is_err(), "{claims}");
        }
    }
    let expired = IdTokenValidation { now: 2_000_000, ..EXPECTED };
    assert_eq!(read(&all.to_string()).unwrap().validate(&expired), Err(ClaimMismatch::Expired));
}

/// The additional claims of one authorization server.
#[derive(Debug, Default, PartialEq, Deserialize)]
struct Tenant {
    #[serde(default, deserialize_with = "non_empty_string")]
    tenant: Option<String>,
}

// threats 95 102
#[test]
fn additional_claims_are_decoded_with_the_standard_ones() {
    let read = |payload: &str| {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        let token = format!("{header}.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
        Claims::<Tenant>::decode_id_token_without_verifying(&IdToken::new(token).unwrap())
    };
    let claims = read(r#"{"sub":"ada","tenant":"t"}"#).unwrap();
    assert_eq!(
        (claims.sub.as_deref(), claims.additional.tenant.as_deref()),
        (Some("ada"), Some("t"))
    );
    for odd in ["{}", r#"{"tenant":""}"#, r#"{"tenant":7}"#, r#"{"tenant":null}"#] {
        assert_eq!(read(odd).unwrap().additional, Tenant::default(), "{odd}");
    }
    for twice in [r#"{"tenant":"a","tenant":"b"}"#, r#"{"sub":"a","sub":"b"}"#, "[]"] {
        assert_eq!(read(twice).unwrap_err(), MalformedJwt::Claims, "{twice}");
    }
}

/// OpenID Connect Core §3.1.3.7, rule 13.
#[test]
fn user_has_signed_in_at_most_max_age_ago() {
    let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
    let too_old = Err(ClaimMismatch::AuthenticationTooOld);
    let missing = Err(ClaimMismatch::Missing { claim: "auth_time" });
    for (auth_time, max_age, expected) in [
        (json!(999_940), 60, Ok(())),
        (json!(999_640), 60, Ok(())),
        (json!(999_639), 60, too_old),
        (json!(999_699), 0, too_old),
        (json!(999_639), u64::MAX, Ok(())),
        (json!(-1e300), 60, too_old),
        (json!(null), 60, missing),
        (json!("999940"), 60, missing),
    ] {
        let claims = read(&json!({ "auth_time": auth_time }).to_string()).unwrap();
        let outcome = claims.check_authentication_age(Duration::from_secs(max_age), now);
        assert_eq!(outcome, expected, "{auth_time}");
    }
}

// threats 101
#[test]
fn refreshed_id_token_has_the_same_subject() {
    for (before, now, outcome) in [
        (json!({"sub": "ada"}), json!({"sub": "ada"}), Ok(())),
        (json!({"sub": "ada"}), json!({"sub": "grace"}), Err(ClaimMismatch::Subject)),
        (json!({}), json!({"sub": "ada"}), Ok(())),
    ] {
        let [before, now] = [before, now].map(|it| read(&it.to_string()).unwrap());
        assert_eq!(now.check_subject_unchanged(&before), outcome);
    }
}

#[test]
fn claims_of_an_access_token_are_read() {
    let token =
        |payload: &str| AccessToken::new(format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2ln")).unwrap();
    let read = |payload: &str| -> Result<Claims, _> {
        Claims::decode_access_token_without_verifying(&token(payload))
    };
    assert_eq!(read(&URL_SAFE_NO_PAD.encode(r#"{"sub":"ada"}"#)).unwrap().sub.unwrap(), "ada");
    assert!(read("opaque").is_err());
}
