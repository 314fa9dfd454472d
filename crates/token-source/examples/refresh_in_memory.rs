//! A sign-in in memory, whose access token is due and is refreshed.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use credentials::{AccessToken, RefreshToken};
use jiff::Timestamp;
use token_source::{
    Clock, Commit, RefreshError, RefreshErrorKind, Refreshable, RefreshedTokens, SharedStore,
    StoreGuard, TokenEndpoint, TokenResponse, TokenSource, TryLock,
};

/// The number of the refresh that brought its tokens.
#[derive(Clone, Copy)]
struct Stored(u32);

impl Refreshable for Stored {
    fn refresh_token(&self) -> Option<RefreshToken> {
        RefreshToken::new(format!("refresh-{}", self.0)).ok()
    }

    fn access_token(&self) -> Option<AccessToken> {
        AccessToken::new(format!("access-{}", self.0)).ok()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(Now.now() + Duration::from_secs(3600 * u64::from(self.0)))
    }

    fn issued_at(&self) -> Option<Timestamp> {
        None
    }

    fn last_refresh(&self) -> Option<Timestamp> {
        None
    }

    fn can_be_refreshed(&self) -> bool {
        true
    }
}

/// One process needs no lock; a file would take one here.
#[derive(Clone)]
struct Memory(Arc<Mutex<Stored>>);

impl SharedStore for Memory {
    type SignIn = Stored;
    type Guard = Self;
    type Error = Infallible;

    async fn load(&self) -> Result<Option<Stored>, Infallible> {
        Ok(Some(*self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    async fn try_lock(&self) -> Result<TryLock<Self>, Infallible> {
        Ok(TryLock::Locked(self.clone()))
    }
}

impl StoreGuard for Memory {
    type SignIn = Stored;
    type Error = Infallible;

    async fn load(&mut self) -> Result<Option<Stored>, Infallible> {
        SharedStore::load(self).await
    }

    async fn reserve(&mut self, _: Duration) -> Result<(), Infallible> {
        Ok(())
    }

    async fn commit(
        self,
        sign_in: Stored,
        _: RefreshedTokens,
        _: RefreshToken,
    ) -> Result<Commit<Stored>, Infallible> {
        let refreshed = Stored(sign_in.0 + 1);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = refreshed;
        Ok(Commit::Stored(refreshed))
    }
}

struct Server;

#[derive(Debug, thiserror::Error)]
#[error("the server is busy")]
struct Busy;

impl RefreshError for Busy {
    fn kind(&self) -> RefreshErrorKind {
        RefreshErrorKind::Unavailable
    }
}

impl TokenEndpoint<Stored> for Server {
    type Error = Busy;

    fn refresh_token(&self, sign_in: &Stored) -> Result<RefreshToken, Busy> {
        sign_in.refresh_token().ok_or(Busy)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(30)
    }

    async fn refresh(&self, _: &Stored, _: &RefreshToken) -> Result<TokenResponse<Busy>, Busy> {
        let access_token = AccessToken::new("access-1").ok();
        let tokens = RefreshedTokens { access_token, ..RefreshedTokens::default() };
        Ok(TokenResponse { tokens, defect: None })
    }

    async fn discard(&self, _: Stored) {}
}

struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {}
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Memory(Arc::new(Mutex::new(Stored(0))));
    let source = TokenSource::new(store, Server, Now);
    assert_eq!(source.access_token().await?.expose(), "access-1");
    Ok(())
}
