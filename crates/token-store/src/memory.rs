use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use credentials::RefreshToken;
use token_source::{Commit, RefreshedTokens, SharedStore, StoreGuard, TryLock};
use tokio::sync::{Mutex, OwnedMutexGuard, RwLock};

use crate::StoredTokens;

/// Tokens in memory, for the tasks of one process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    tokens: Arc<RwLock<Option<StoredTokens>>>,
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
        Self { tokens: Arc::new(RwLock::new(Some(tokens))), lock: Arc::default() }
    }

    /// Replaces the tokens; `None` removes them.
    pub async fn set(&self, tokens: Option<StoredTokens>) {
        *self.tokens.write().await = tokens;
    }
}

impl SharedStore for MemoryStore {
    type SignIn = StoredTokens;
    type Guard = MemoryGuard;
    type Error = Infallible;

    async fn load(&self) -> Result<Option<StoredTokens>, Infallible> {
        Ok(self.tokens.read().await.clone())
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
        let mut stored = self.store.tokens.write().await;
        tokens.apply(&refreshed);
        if stored.as_ref().is_some_and(|stored| stored.has(&spent)) {
            *stored = Some(tokens.clone());
            return Ok(Commit::Stored(tokens));
        }
        let stored = stored.clone();
        Ok(Commit::Superseded { stored, discarded: tokens })
    }
}
