use std::sync::{Arc, OnceLock};

use auth_store::{Claim, ExternalStore, ExternalStoreError};
use postgres_store::{CachedToken, Document as _, PostgresStore};
use token_source::{SharedStore, TryLock, WaitPolicy};
use zeroize::Zeroizing;

use super::call::run;
use super::claim::RowClaim;
use super::document::{document_of, of_token};
use super::{Error, Server, Stored};
use crate::environment::now;

/// The row of a profile.
#[derive(Debug)]
pub(crate) struct PostgresRow {
    server: Arc<Server>,
    name: String,
    /// Whether a row that does not exist has no sign-in. It is an error for the profile of the command.
    may_be_missing: bool,
    store: OnceLock<PostgresStore<Stored>>,
}

impl PostgresRow {
    /// Nothing is read yet.
    pub(crate) fn new(server: Arc<Server>, name: &str) -> Self {
        let store = OnceLock::new();
        Self { server, name: name.to_owned(), may_be_missing: false, store }
    }

    /// The row of a profile that may be in the database or not.
    pub(crate) fn of_other_profile(server: Arc<Server>, name: &str) -> Self {
        Self { may_be_missing: true, ..Self::new(server, name) }
    }

    pub(crate) fn store(&self) -> Result<&PostgresStore<Stored>, Error> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let new = self.server.store(&self.name)?;
        Ok(self.store.get_or_init(|| new))
    }

    fn stored(&self) -> Result<Option<Stored>, Error> {
        match run(self.store()?.read()) {
            Err(Error::Store(postgres_store::Error::NoRow { .. })) if self.may_be_missing => {
                Ok(None)
            }
            other => other,
        }
    }

    /// The cached token, if it can be used without asking the database. This costs one read of a file.
    fn trusted(&self) -> Option<Zeroizing<Vec<u8>>> {
        let token = self.cached().filter(|token| token.is_trusted(now()))?;
        of_token(&token).to_bytes().ok()
    }

    /// What this machine has cached.
    pub(crate) fn cached(&self) -> Option<CachedToken> {
        self.server.cache(&self.name).ok()?.load().ok()?.token
    }
}

impl ExternalStore for PostgresRow {
    fn name(&self) -> String {
        format!("{} ({})", self.server.url, self.name)
    }

    /// The row was read before, and has no limit.
    fn check(&self, _: usize) -> Result<(), ExternalStoreError> {
        Ok(())
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        Ok(self.stored()?.map(Stored::into_text))
    }

    fn write(&self, document: &[u8]) -> Result<(), ExternalStoreError> {
        let stored = Stored::parse(document).ok_or("it is not an auth.json")?;
        Ok(run(self.store()?.save(Some(&stored)))?)
    }

    fn remove(&self) -> Result<bool, ExternalStoreError> {
        let was_there = self.stored().map_or(true, |stored| stored.is_some());
        run(self.store()?.save(None))?;
        Ok(was_there)
    }

    fn read_access_token(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        if let Some(text) = self.trusted() {
            return Ok(Some(text));
        }
        let store = self.store()?;
        let loaded = run(store.load())?;
        if let Some(unchecked) = store.unchecked() {
            self.server.warn(unchecked);
        }
        Ok(loaded.map(|it| document_of(it).to_bytes()).transpose()?)
    }

    fn has_claims(&self) -> bool {
        true
    }

    fn try_claim(&self) -> Result<TryLock<Option<Box<dyn Claim>>>, ExternalStoreError> {
        Ok(match run(self.store()?.try_lock())? {
            TryLock::Locked(guard) => {
                TryLock::Locked(Some(Box::new(RowClaim::new(guard, self.server.terminal))))
            }
            TryLock::Held(holder) => TryLock::Held(holder),
        })
    }

    fn wait_policy(&self) -> WaitPolicy {
        self.store().map_or_else(|_| WaitPolicy::default(), SharedStore::wait_policy)
    }
}
