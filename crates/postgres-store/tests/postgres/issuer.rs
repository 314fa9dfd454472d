//! A sign-in as text, and an authorization server whose refresh tokens work once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use credentials::{AccessToken, RefreshToken};
use jiff::{SignedDuration, Timestamp};
use postgres_store::{Document, StoredSignIn};
use token_source::{
    Clock, RefreshError, RefreshErrorKind, Refreshable, RefreshedTokens, TokenEndpoint,
    TokenResponse,
};
use zeroize::Zeroizing;

/// Tokens with a number: `access-N` and `refresh-N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) number: u64,
    pub(crate) expires_at: Timestamp,
    /// They do not say when they expire. Then that is also the time of their refresh.
    is_opaque: bool,
}

impl Tokens {
    pub(crate) fn new(number: u64, expires_in: i64) -> Self {
        let expires_at = now() + SignedDuration::from_secs(expires_in);
        Self { number, expires_at, is_opaque: false }
    }

    pub(crate) fn opaque(number: u64, refreshed_in: i64) -> Self {
        Self { is_opaque: true, ..Self::new(number, refreshed_in) }
    }
}

/// Their access token must not be found anywhere, nor their refresh token.
pub(crate) const CANARY: &str = "canary-token";

impl Refreshable for Tokens {
    fn refresh_token(&self) -> Option<RefreshToken> {
        RefreshToken::new(format!("{CANARY}-refresh-{}", self.number)).ok()
    }

    fn access_token(&self) -> Option<AccessToken> {
        AccessToken::new(format!("{CANARY}-access-{}", self.number)).ok()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        (!self.is_opaque).then_some(self.expires_at)
    }

    fn issued_at(&self) -> Option<Timestamp> {
        None
    }

    fn last_refresh(&self) -> Option<Timestamp> {
        self.is_opaque.then_some(self.expires_at)
    }

    fn can_be_refreshed(&self) -> bool {
        true
    }
}

fn number(token: &str) -> Option<u64> {
    token.rsplit('-').next()?.parse().ok()
}

impl Document for Tokens {
    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let [token, expires_at, is_opaque] = text.split(' ').collect::<Vec<_>>().try_into().ok()?;
        Some(Self {
            number: number(token)?,
            expires_at: expires_at.parse().ok()?,
            is_opaque: is_opaque.parse().ok()?,
        })
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let token = self.refresh_token().unwrap();
        Zeroizing::new(
            format!("{} {} {}", token.expose(), self.expires_at, self.is_opaque).into_bytes(),
        )
    }

    fn apply(&mut self, tokens: &RefreshedTokens) {
        let token = tokens.access_token.as_ref().unwrap();
        *self = Self {
            number: number(token.expose()).unwrap(),
            expires_at: tokens.expires_at.unwrap(),
            ..*self
        };
    }

    /// There is one account.
    fn is_same_account(&self, _: &Self) -> bool {
        true
    }
}

/// Clones share their state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Issuer(Arc<Mutex<Counts>>);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// The token that works.
    current: u64,
    pub(crate) refreshes: u64,
    /// How often a token was sent again.
    pub(crate) reused: u64,
}

impl Issuer {
    pub(crate) fn counts(&self) -> Counts {
        *self.0.lock().unwrap()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the token was used")]
pub(crate) struct Used;

impl RefreshError for Used {
    fn kind(&self) -> RefreshErrorKind {
        RefreshErrorKind::Rejected
    }
}

impl TokenEndpoint<StoredSignIn<Tokens>> for Issuer {
    type Error = Used;

    fn refresh_token(&self, sign_in: &StoredSignIn<Tokens>) -> Result<RefreshToken, Used> {
        sign_in.refresh_token().ok_or(Used)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(30)
    }

    async fn refresh(
        &self,
        _: &StoredSignIn<Tokens>,
        token: &RefreshToken,
    ) -> Result<TokenResponse<Used>, Used> {
        let mut counts = self.0.lock().unwrap();
        if number(token.expose()) != Some(counts.current) {
            counts.reused += 1;
            return Err(Used);
        }
        counts.current += 1;
        counts.refreshes += 1;
        let new = Tokens::new(counts.current, 3600);
        let tokens = RefreshedTokens {
            access_token: new.access_token(),
            refresh_token: new.refresh_token(),
            expires_at: Some(new.expires_at),
            ..RefreshedTokens::default()
        };
        Ok(TokenResponse { tokens, defect: None })
    }

    async fn discard(&self, _: StoredSignIn<Tokens>) {}
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the test has no caller that passes the time")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
