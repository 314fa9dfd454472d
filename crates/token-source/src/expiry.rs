use jiff::{SignedDuration, Timestamp};

use crate::Refreshable;

/// An access token is refreshed while it still has this long.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// How old an access token may become that does not say when it expires.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(8 * 24);

/// A younger access token is not refreshed, even if it has less than the margin left: the next one
/// would not live longer.
const MIN_REFRESH_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// Whether the access token is due for a refresh: it has less than five minutes left, or it does not
/// say when it expires and is older than eight days. Without an access token, nothing is due.
///
/// A token that has not expired and that is from a refresh within the last minute is not due again.
/// The time of the refresh alone does not prove that: CI may write a new `last_refresh` beside an old
/// token.
#[must_use]
pub fn is_due(sign_in: &impl Refreshable, now: Timestamp) -> bool {
    let age = sign_in.last_refresh().map(|then| now.duration_since(then));
    match sign_in.expires_at() {
        Some(exp) if exp > now && is_new(sign_in, now) => false,
        Some(exp) => exp.duration_since(now) < MARGIN,
        None => sign_in.access_token().is_some() && age.is_none_or(|age| age > MAX_AGE),
    }
}

/// Whether the last refresh is less than a minute old, and returned this access token, judged by its
/// own `iat` as far as two clocks agree.
fn is_new(sign_in: &impl Refreshable, now: Timestamp) -> bool {
    let Some(refreshed) = sign_in.last_refresh() else { return false };
    let age = now.duration_since(refreshed);
    let is_recent = !age.is_negative() && age < MIN_REFRESH_INTERVAL;
    let is_its = |issued: Timestamp| issued.duration_since(refreshed) >= -MIN_REFRESH_INTERVAL;
    is_recent && sign_in.issued_at().is_some_and(is_its)
}

/// Whether the sign-in has ended: its access token has expired, and it cannot be refreshed.
#[must_use]
pub fn has_ended(sign_in: &impl Refreshable, now: Timestamp) -> bool {
    !sign_in.can_be_refreshed() && has_expired(sign_in, now)
}

/// Whether the access token says that it has expired.
pub(crate) fn has_expired(sign_in: &impl Refreshable, now: Timestamp) -> bool {
    sign_in.expires_at().is_some_and(|exp| exp <= now)
}

/// Whether the access token says that it has not.
pub(crate) fn still_works(sign_in: &impl Refreshable, now: Timestamp) -> bool {
    sign_in.expires_at().is_some_and(|exp| exp > now)
}

/// Whether the tokens of `sign_in` are older than those of `other`.
///
/// The first of these times that both have decides, unless it is the same: when the access token was issued,
/// when it expires, and when it was refreshed, which is a time of the machine that did it. False if none decides.
#[must_use]
pub fn is_older(sign_in: &impl Refreshable, other: &impl Refreshable) -> bool {
    let decides = |it: Option<Timestamp>, other: Option<Timestamp>| {
        it.zip(other).filter(|(it, other)| it != other).map(|(it, other)| it < other)
    };
    decides(sign_in.issued_at(), other.issued_at())
        .or_else(|| decides(sign_in.expires_at(), other.expires_at()))
        .or_else(|| decides(sign_in.last_refresh(), other.last_refresh()))
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::{AccessToken, RefreshToken};

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    /// Each time is so many seconds from now.
    #[derive(Clone, Copy, Default)]
    struct Times {
        exp: Option<i64>,
        iat: Option<i64>,
        last_refresh: Option<i64>,
        has_no_token: bool,
        is_final: bool,
    }

    fn from_now(seconds: Option<i64>) -> Option<Timestamp> {
        Some(now() + SignedDuration::from_secs(seconds?))
    }

    impl Refreshable for Times {
        fn refresh_token(&self) -> Option<RefreshToken> {
            None
        }

        fn access_token(&self) -> Option<AccessToken> {
            (!self.has_no_token).then(|| AccessToken::new("access").unwrap())
        }

        fn expires_at(&self) -> Option<Timestamp> {
            from_now(self.exp)
        }

        fn issued_at(&self) -> Option<Timestamp> {
            from_now(self.iat)
        }

        fn last_refresh(&self) -> Option<Timestamp> {
            from_now(self.last_refresh)
        }

        fn can_be_refreshed(&self) -> bool {
            !self.is_final
        }
    }

    #[test]
    fn sign_in_is_older_by_the_first_time_that_differs() {
        let times = |iat, exp, last_refresh| Times { iat, exp, last_refresh, ..Times::default() };
        for (it, other, expected) in [
            (times(Some(1), Some(9), Some(9)), times(Some(2), Some(1), Some(1)), true),
            (times(Some(2), Some(1), Some(1)), times(Some(1), Some(9), Some(9)), false),
            // The issuer ends all access tokens with its session.
            (times(Some(1), Some(9), Some(1)), times(Some(1), Some(9), Some(2)), true),
            (times(None, Some(1), Some(9)), times(Some(2), Some(2), Some(1)), true),
            (times(None, None, Some(1)), times(None, None, Some(2)), true),
            (times(None, Some(1), None), times(None, None, Some(2)), false),
            (Times::default(), Times::default(), false),
        ] {
            assert_eq!(is_older(&it, &other), expected);
        }
    }

    #[track_caller]
    fn assert_due(times: Times, due: bool) {
        assert_eq!(is_due(&times, now()), due);
    }

    /// A token that expires so many seconds from now, or does not say when, and came so many ago.
    #[track_caller]
    fn assert_due_at(exp: impl Into<Option<i64>>, age: i64, due: bool) {
        assert_due(Times { exp: exp.into(), last_refresh: Some(-age), ..Times::default() }, due);
    }

    // threats 108
    #[test]
    fn token_is_due_five_minutes_before_it_expires() {
        assert_due_at(HOUR, HOUR, false);
        assert_due_at(300, HOUR, false);
        assert_due_at(299, HOUR, true);
        assert_due_at(0, HOUR, true);
        assert_due_at(-DAY, 10 * DAY, true);
    }

    // threats 108
    #[test]
    fn token_without_expiry_is_due_after_eight_days() {
        assert_due_at(None, 8 * DAY, false);
        assert_due_at(None, 8 * DAY + 1, true);
        assert_due(Times::default(), true);
    }

    // threats 123
    #[test]
    fn token_refreshed_within_a_minute_is_not_due() {
        #[track_caller]
        fn assert_issued(iat: i64, exp: i64, age: i64, due: bool) {
            let (exp, iat, last_refresh) = (Some(exp), Some(iat), Some(-age));
            assert_due(Times { exp, iat, last_refresh, ..Times::default() }, due);
        }
        assert_issued(-30, 60, 30, false); // it lives shorter than the margin
        assert_issued(-80, 60, 30, false); // the issuer's clock is behind
        assert_issued(30, 120, 30, false); // the issuer's clock is ahead
        assert_issued(-30, 0, 30, true); // it has expired
        assert_issued(-100, 60, 30, true); // an old token beside a new time
        assert_issued(-30, 60, 59, false);
        assert_issued(-30, 60, 60, true); // once a minute at most
        assert_issued(30, 120, -30, true); // the clock was put back
        assert_due_at(60, 30, true); // it does not say when it was issued
    }

    // threats 123
    #[test]
    fn expired_token_is_due_with_any_last_refresh() {
        let ten_years = 3650 * DAY;
        assert_due_at(-ten_years, 0, true); // CI writes the time of its run
        assert_due_at(-1, 0, true);
        assert_due_at(0, -HOUR, true); // the clock was put back
        assert_due_at(ten_years, 30, false); // the clock is behind
    }

    #[test]
    fn sign_in_without_access_token_is_not_due() {
        assert_due(Times { has_no_token: true, ..Times::default() }, false);
    }

    #[test]
    fn sign_in_without_refresh_token_ends_when_its_token_expires() {
        for (is_final, exp, ended) in [
            (false, Some(-1), false),
            (true, Some(1), false),
            (true, Some(0), true),
            (true, Some(-DAY), true),
            (true, None, false),
        ] {
            let times = Times { is_final, exp, ..Times::default() };
            assert_eq!(has_ended(&times, now()), ended, "{is_final} {exp:?}");
        }
    }
}
