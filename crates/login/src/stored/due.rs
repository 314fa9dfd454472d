use auth_store::{AuthDocument, AuthMode};
use jiff::{SignedDuration, Timestamp};

use super::access_claims_without_verifying;

/// A token is refreshed while it still has this long.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// How old a token may become that does not say when it expires.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(8 * 24);

/// A token that came less than this ago is as good as it gets, even where it has little time left:
/// refreshing it again would only load the issuer.
const JUST_NOW: SignedDuration = SignedDuration::from_mins(1);

/// Whether the access token is due for a refresh: it has less than five minutes left, or, where it
/// does not say, is older than eight days. Where there is no access token, nothing is due.
///
/// One that has not expired and that a refresh brought within the last minute is not due again. The
/// time of the refresh alone does not say so: CI writes a new `last_refresh` beside an old token.
#[must_use]
pub fn is_due(document: &AuthDocument, now: Timestamp) -> bool {
    if document.personal_access_token().is_some() {
        return false;
    }
    let age = document.last_refresh().map(|then| now.duration_since(then));
    match expires_at(document) {
        Some(exp) if exp > now && came_just_now(document, now) => false,
        Some(exp) => exp.duration_since(now) < MARGIN,
        None => document.access_token().is_some() && age.is_none_or(|age| age > LONGEST_LIFE),
    }
}

/// Whether the last refresh is less than a minute old, and the access token is of that refresh by its
/// own `iat`, as far as two clocks agree.
fn came_just_now(document: &AuthDocument, now: Timestamp) -> bool {
    let Some(refreshed) = document.last_refresh() else { return false };
    let age = now.duration_since(refreshed);
    let issued = || {
        let issued = access_claims_without_verifying(document)?.iat?;
        Timestamp::from_second(issued).ok()
    };
    let is_recent = !age.is_negative() && age < JUST_NOW;
    is_recent && issued().is_some_and(|issued| issued.duration_since(refreshed) >= -JUST_NOW)
}

/// Whether the sign-in is over: its access token has expired, and nothing here can refresh it, because
/// there is no refresh token, or because it is only another program's to refresh.
#[must_use]
pub fn is_over(document: &AuthDocument, now: Timestamp) -> bool {
    let cannot_be_refreshed = match document.auth_mode() {
        Some(AuthMode::ChatGpt) => document.refresh_token().is_none(),
        Some(AuthMode::Other(_)) => true,
        _ => false,
    };
    cannot_be_refreshed && has_expired(document, now)
}

/// Whether the access token says that it has expired.
pub(super) fn has_expired(document: &AuthDocument, now: Timestamp) -> bool {
    expires_at(document).is_some_and(|exp| exp <= now)
}

/// When the access token expires, where it says so. A personal access token never does.
#[must_use]
pub fn expires_at(document: &AuthDocument) -> Option<Timestamp> {
    if document.personal_access_token().is_some() {
        return None;
    }
    Timestamp::from_second(access_claims_without_verifying(document)?.exp?).ok()
}

/// Whether the access token still works, as far as this machine's clock can tell.
pub(super) fn still_works(document: &AuthDocument, now: Timestamp) -> bool {
    expires_at(document).is_some_and(|exp| exp > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_store::SignIn;
    use credentials::{AccessToken, IdToken, RefreshToken};
    use serde_json::{Value, json};

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    /// The second that is so many from now.
    fn at(seconds: i64) -> i64 {
        now().as_second() + seconds
    }

    /// A sign-in whose access token has these claims, or is opaque, and came so many seconds ago.
    fn document(claims: &Value, age: i64) -> AuthDocument {
        use base64::Engine as _;
        let base64url = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
        let header = base64url(r#"{"alg":"RS256"}"#);
        let access = match claims {
            Value::Null => "opaque".to_owned(),
            claims => format!("{header}.{}.c2ln", base64url(&claims.to_string())),
        };
        let mut document = AuthDocument::default();
        document.set_sign_in(&SignIn {
            id_token: IdToken::new("id").unwrap(),
            access_token: AccessToken::new(access).unwrap(),
            refresh_token: RefreshToken::new("refresh").unwrap(),
            account_id: None,
            api_key: None,
            last_refresh: now() - SignedDuration::from_secs(age),
        });
        document
    }

    /// Whether a token is due that expires so many seconds from now, or does not say.
    fn due(exp_in: Option<i64>, age: i64) -> bool {
        let claims = exp_in.map_or(Value::Null, |left| json!({ "exp": at(left) }));
        is_due(&document(&claims, age), now())
    }

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    // threats 108
    #[test]
    fn a_token_is_due_in_its_last_five_minutes() {
        assert!(!due(Some(HOUR), HOUR));
        assert!(!due(Some(300), HOUR));
        assert!(due(Some(299), HOUR));
        assert!(due(Some(0), HOUR));
        assert!(due(Some(-DAY), 10 * DAY));
    }

    // threats 108
    #[test]
    fn a_token_that_does_not_say_is_due_after_eight_days() {
        assert!(!due(None, 8 * DAY));
        assert!(due(None, 8 * DAY + 1));
    }

    // threats 123
    #[test]
    fn a_token_that_has_just_come_is_not_due_again() {
        let brought = |iat: i64, exp: i64, age: i64| {
            is_due(&document(&json!({ "iat": at(iat), "exp": at(exp) }), age), now())
        };
        assert!(!brought(-30, 60, 30), "it lives shorter than the margin");
        assert!(!brought(-80, 60, 30), "the issuer's clock is behind");
        assert!(!brought(30, 120, 30), "the issuer's clock is ahead");
        assert!(brought(-30, 0, 30), "it has expired");
        assert!(brought(-100, 60, 30), "an old token beside a new time");
        assert!(brought(-30, 60, 61), "once a minute at the most");
        assert!(brought(30, 120, -30), "the clock was put back");
        assert!(due(Some(60), 30), "it does not say when it came");
    }

    // threats 123
    #[test]
    fn an_expired_token_is_due_whatever_its_time_says() {
        let ten_years = 3650 * DAY;
        assert!(due(Some(-ten_years), 0), "CI writes the time of its run");
        assert!(due(Some(-1), 0));
        assert!(due(Some(0), -HOUR), "the clock was put back");
        assert!(!due(Some(ten_years), 30), "the clock is behind");
    }

    #[track_caller]
    fn assert_over(change: impl FnOnce(&mut AuthDocument), exp_in: i64, over: bool) {
        let mut document = document(&json!({ "exp": at(exp_in) }), DAY);
        change(&mut document);
        assert_eq!(is_over(&document, now()), over);
    }

    #[test]
    fn a_sign_in_is_over_when_nothing_can_refresh_its_expired_token() {
        let alone = |document: &mut AuthDocument| {
            let token = document.access_token().unwrap();
            document.set_access_token_sign_in(&token, None, now());
        };
        assert_over(|_| {}, -1, false);
        assert_over(alone, 1, false);
        assert_over(alone, 0, true);
        assert_over(alone, -DAY, true);
        let with_pat = |document: &mut AuthDocument| {
            document.set_personal_access_token_sign_in(&AccessToken::new("at-1").unwrap());
        };
        assert_over(with_pat, -1, false);
        assert!(!is_over(&AuthDocument::default(), now()));
    }

    #[test]
    fn nothing_is_due_where_there_is_no_access_token() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(!is_due(&AuthDocument::default(), now));
    }
}
