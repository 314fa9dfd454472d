use std::convert::Infallible;
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;

use credentials::RefreshToken;
use token_source::{Commit, RefreshedTokens, SharedStore, StoreGuard, TryLock};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::StoredTokens;

/// Tokens in memory, for the tasks of one process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    // No lock to wait for: a commit that is dropped while it waits would lose the new tokens.
    tokens: Arc<SyncMutex<Option<StoredTokens>>>,
    lock: Arc<Mutex<()>>,
}

/// The lock of a [`MemoryStore`].
#[derive(Debug)]
pub struct MemoryGuard {
    store: MemoryStore,
    _lock: OwnedMutexGuard<()>,
}

impl MemoryStore {
    /// A store with these tokens.
    #[must_use]
    pub fn new(tokens: StoredTokens) -> Self {
        Self { tokens: Arc::new(SyncMutex::new(Some(tokens))), lock: Arc::default() }
    }

    /// Replaces the tokens. The new tokens of a refresh that is running are then not stored.
    pub fn set(&self, tokens: StoredTokens) {
        *self.stored() = Some(tokens);
    }

    /// Removes the tokens and returns them, for a sign-out; `None` if there were none. It waits for a refresh
    /// that is running, so that nothing is left of the sign-in.
    pub async fn take(&self) -> Option<StoredTokens> {
        let _lock = self.lock.lock().await;
        self.stored().take()
    }

    fn stored(&self) -> MutexGuard<'_, Option<StoredTokens>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedStore for MemoryStore {
    type SignIn = StoredTokens;
    type Guard = MemoryGuard;
    type Error = Infallible;

    async fn load(&self) -> Result<Option<StoredTokens>, Infallible> {
        Ok(self.stored().clone())
    }

    async fn try_lock(&self) -> Result<TryLock<MemoryGuard>, Infallible> {
        let lock = self.lock.clone().try_lock_owned().ok();
        Ok(lock.map(|lock| MemoryGuard { store: self.clone(), _lock: lock }).into())
    }
}

impl StoreGuard for MemoryGuard {
    type SignIn = StoredTokens;
    type Error = Infallible;

    async fn load(&mut self) -> Result<Option<StoredTokens>, Infallible> {
        self.store.load().await
    }

    async fn reserve(&mut self, _: Duration) -> Result<(), Infallible> {
        Ok(())
    }

    async fn commit(
        self,
        mut tokens: StoredTokens,
        refreshed: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<StoredTokens>, Infallible> {
        let mut stored = self.store.stored();
        tokens.apply(&refreshed);
        if stored.as_ref().is_some_and(|stored| stored.has(&spent)) {
            *stored = Some(tokens.clone());
            return Ok(Commit::Stored(tokens));
        }
        let stored = stored.clone();
        Ok(Commit::Superseded { stored, discarded: tokens })
    }
}
