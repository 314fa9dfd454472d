use auth_store::AuthDocument;
use jiff::{SignedDuration, Timestamp};

use super::access_claims_without_verifying;

/// A token is refreshed while it still has this long.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// How old a token may become that does not say when it expires.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(8 * 24);

/// A token that came less than this ago is as good as it gets, whatever a wrong clock makes of its
/// `exp`: refreshing it again would only load the issuer.
const JUST_NOW: SignedDuration = SignedDuration::from_mins(1);

/// Whether the access token is due for a refresh: it has less than five minutes left, or, where it
/// does not say, is older than eight days. Where there is no access token, nothing is due.
#[must_use]
pub fn is_due(document: &AuthDocument, now: Timestamp) -> bool {
    let age = document.last_refresh().map(|then| now.duration_since(then));
    if age.is_some_and(|age| !age.is_negative() && age < JUST_NOW) {
        return false;
    }
    match expires_at(document) {
        Some(exp) => exp.duration_since(now) < MARGIN,
        None => document.access_token().is_some() && age.is_none_or(|age| age > LONGEST_LIFE),
    }
}

/// When the access token expires, where it says so.
#[must_use]
pub fn expires_at(document: &AuthDocument) -> Option<Timestamp> {
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

    /// A sign-in whose access token expires so many seconds from now, or is opaque, and came so many
    /// seconds ago.
    fn due(exp_in: Option<i64>, age: i64) -> bool {
        use base64::Engine as _;
        let base64url = |text: String| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let jwt = |exp: i64| {
            let header = base64url(r#"{"alg":"RS256"}"#.to_owned());
            format!("{header}.{}.c2ln", base64url(format!(r#"{{"exp":{exp}}}"#)))
        };
        let access = exp_in.map_or("opaque".to_owned(), |left| jwt(now.as_second() + left));
        let mut document = AuthDocument::default();
        document.set_sign_in(&SignIn {
            id_token: IdToken::new("id").unwrap(),
            access_token: AccessToken::new(access).unwrap(),
            refresh_token: RefreshToken::new("refresh").unwrap(),
            account_id: None,
            api_key: None,
            last_refresh: now - SignedDuration::from_secs(age),
        });
        is_due(&document, now)
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
    fn a_wrong_clock_does_not_make_a_new_token_due() {
        let ten_years = 3650 * DAY;
        assert!(!due(Some(-ten_years), 30), "the clock is ahead");
        assert!(!due(Some(ten_years), 30), "the clock is behind");
        assert!(due(Some(-ten_years), 61), "once a minute at the most");
        assert!(due(Some(0), -HOUR), "the clock was put back");
    }

    #[test]
    fn nothing_is_due_where_there_is_no_access_token() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(!is_due(&AuthDocument::default(), now));
    }
}
