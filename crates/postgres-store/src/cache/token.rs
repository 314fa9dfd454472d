use credentials::{AccessToken, RefreshToken};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use token_source::{Refreshable, is_due};

/// How long a token is used without asking the store. So long a logout or a new sign-in on another machine
/// has no effect here.
const TRUSTED: SignedDuration = SignedDuration::from_mins(10);

/// An access token and its version, without the refresh token.
#[derive(Debug, Deserialize)]
pub struct CachedToken {
    /// The version of the row that has this token.
    pub version: i64,
    /// When the version was last compared with that of the store, by the clock of this machine.
    pub checked_at: Timestamp,
    /// The token.
    pub access_token: AccessToken,
    /// When it expires, if it says so.
    pub expires_at: Option<Timestamp>,
    /// When it was issued, if it says so.
    pub issued_at: Option<Timestamp>,
    /// When it was stored as new.
    pub last_refresh: Option<Timestamp>,
}

/// A warning: the store could not be reached, so nothing shows whether the token is still that of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreUnchecked {
    /// When the store was last asked.
    pub checked_at: Timestamp,
    /// When the token expires.
    pub expires_at: Timestamp,
}

impl CachedToken {
    /// The part of a sign-in that may be cached; `None` if it has no access token.
    pub fn new(version: i64, sign_in: &impl Refreshable, now: Timestamp) -> Option<Self> {
        Some(Self {
            version,
            checked_at: now,
            access_token: sign_in.access_token()?,
            expires_at: sign_in.expires_at(),
            issued_at: sign_in.issued_at(),
            last_refresh: sign_in.last_refresh(),
        })
    }

    /// Whether the token can be used without asking the store: it was checked less than ten minutes ago, and
    /// is not due for a refresh.
    #[must_use]
    pub fn is_trusted(&self, now: Timestamp) -> bool {
        self.is_checked(now) && self.works(now) && !is_due(self, now)
    }

    /// Whether it was checked less than ten minutes ago. A check in the future, after the clock was set back, does
    /// not count.
    pub(crate) fn is_checked(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.checked_at);
        !age.is_negative() && age < TRUSTED
    }

    /// The warning with which the token can be used although the store is unreachable; `None` if it has
    /// expired, or does not say when it expires and was not checked lately.
    #[must_use]
    pub fn without_store(&self, now: Timestamp) -> Option<StoreUnchecked> {
        let expires_at = self.expires_at.filter(|exp| *exp > now)?;
        Some(StoreUnchecked { checked_at: self.checked_at, expires_at })
    }

    fn works(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|exp| exp > now)
    }
}

/// So that the rules for a refresh are those of every sign-in.
impl Refreshable for CachedToken {
    fn refresh_token(&self) -> Option<RefreshToken> {
        None
    }

    fn access_token(&self) -> Option<AccessToken> {
        AccessToken::new(self.access_token.expose()).ok()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    fn last_refresh(&self) -> Option<Timestamp> {
        self.last_refresh
    }

    /// The store may have its refresh token.
    fn can_be_refreshed(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;

    fn now() -> Timestamp {
        "2026-11-28T12:00:00Z".parse().unwrap()
    }

    fn after(seconds: i64) -> Timestamp {
        now() + SignedDuration::from_secs(seconds)
    }

    fn token(checked: i64, expires: Option<i64>) -> CachedToken {
        CachedToken {
            version: 1,
            checked_at: after(checked),
            access_token: AccessToken::new("access").unwrap(),
            expires_at: expires.map(after),
            issued_at: None,
            last_refresh: Some(after(-30 * MINUTE)),
        }
    }

    #[test]
    fn token_is_trusted_for_ten_minutes_unless_it_is_due() {
        for (checked, expires, is_trusted) in [
            (0, Some(60 * MINUTE), true),
            (-10 * MINUTE + 1, Some(60 * MINUTE), true),
            (-10 * MINUTE, Some(60 * MINUTE), false),
            // The clock was set back.
            (1, Some(60 * MINUTE), false),
            // Due, and expired.
            (0, Some(5 * MINUTE - 1), false),
            (0, Some(0), false),
            (0, None, true),
            (-11 * MINUTE, None, false),
        ] {
            let token = token(checked, expires);
            assert_eq!(token.is_trusted(now()), is_trusted, "{token:?}");
        }
    }

    #[test]
    fn token_is_used_without_the_store_until_it_expires() {
        for (expires, is_used) in
            [(Some(1), true), (Some(0), false), (Some(-1), false), (None, false)]
        {
            let token = token(-60 * MINUTE, expires);
            let warning = token.without_store(now());
            assert_eq!(warning.is_some(), is_used, "{token:?}");
            assert!(warning.is_none_or(|it| it.checked_at == token.checked_at));
        }
    }
}
