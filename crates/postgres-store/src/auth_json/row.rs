use std::sync::{Arc, OnceLock};

use auth_store::{Claim, ExternalStore, ExternalStoreError};
use token_source::{SharedStore, TryLock, WaitPolicy};
use zeroize::Zeroizing;

use super::claim::RowClaim;
use super::document::{document_of, of_token};
use super::{AuthDatabase, AuthJson, CallError, Notice};
use crate::{CachedToken, Document as _, Error, PostgresStore};

/// A row of an [`AuthDatabase`].
#[derive(Debug)]
pub struct AuthRow {
    database: Arc<AuthDatabase>,
    name: String,
    /// Whether a row that does not exist has no sign-in. Otherwise that is an error.
    may_be_missing: bool,
    store: OnceLock<PostgresStore<AuthJson>>,
}

impl AuthRow {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(database: Arc<AuthDatabase>, name: &str) -> Self {
        let store = OnceLock::new();
        Self { database, name: name.to_owned(), may_be_missing: false, store }
    }

    /// A row that may be in the database or not.
    #[must_use]
    pub fn that_may_be_missing(database: Arc<AuthDatabase>, name: &str) -> Self {
        Self { may_be_missing: true, ..Self::new(database, name) }
    }

    /// The store, which is opened once.
    ///
    /// # Errors
    ///
    /// The parameters of the connection, or the key file, cannot be used.
    pub fn store(&self) -> Result<&PostgresStore<AuthJson>, CallError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let new = self.database.store(&self.name)?;
        Ok(self.store.get_or_init(|| new))
    }

    fn run<T: Send>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, CallError> {
        self.database.options.calls.run(work)
    }

    fn stored(&self) -> Result<Option<AuthJson>, CallError> {
        match self.run(self.store()?.read()) {
            Err(CallError::Store(Error::NoRow { .. })) if self.may_be_missing => Ok(None),
            other => other,
        }
    }

    /// The cached token, if it can be used without asking the database. This costs one read of a file.
    fn trusted(&self) -> Option<Zeroizing<Vec<u8>>> {
        let token =
            self.cached().filter(|token| token.is_trusted((self.database.options.now)()))?;
        of_token(&token).to_bytes().ok()
    }

    /// What this machine has cached.
    #[must_use]
    pub fn cached(&self) -> Option<CachedToken> {
        self.database.cache(&self.name).ok()?.load().ok()?.token
    }
}

impl ExternalStore for AuthRow {
    fn name(&self) -> String {
        format!("{} ({})", self.database.options.url, self.name)
    }

    /// The row was read before, and has no limit.
    fn check(&self, _: usize) -> Result<(), ExternalStoreError> {
        Ok(())
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        Ok(self.stored()?.map(AuthJson::into_text))
    }

    fn write(&self, document: &[u8]) -> Result<(), ExternalStoreError> {
        let stored = AuthJson::parse(document).ok_or("it is not an auth.json")?;
        Ok(self.run(self.store()?.save(Some(&stored)))?)
    }

    fn remove(&self) -> Result<bool, ExternalStoreError> {
        let was_there = self.stored().map_or(true, |stored| stored.is_some());
        self.run(self.store()?.save(None))?;
        Ok(was_there)
    }

    fn read_access_token(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        if let Some(text) = self.trusted() {
            return Ok(Some(text));
        }
        let store = self.store()?;
        let loaded = self.run(store.load())?;
        if let Some(unchecked) = store.unchecked() {
            (self.database.options.notify)(Notice::Unchecked(unchecked));
        }
        Ok(loaded.map(|it| document_of(it).to_bytes()).transpose()?)
    }

    fn has_claims(&self) -> bool {
        true
    }

    fn try_claim(&self) -> Result<TryLock<Option<Box<dyn Claim>>>, ExternalStoreError> {
        Ok(match self.run(self.store()?.try_lock())? {
            TryLock::Locked(guard) => {
                TryLock::Locked(Some(Box::new(RowClaim::new(guard, self.database.clone()))))
            }
            TryLock::Held(holder) => TryLock::Held(holder),
        })
    }

    fn wait_policy(&self) -> WaitPolicy {
        self.store().map_or_else(|_| WaitPolicy::default(), SharedStore::wait_policy)
    }
}
