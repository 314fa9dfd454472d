use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use token_source::Refreshable;

use super::sign_in::Document;
use crate::database::StoredRow;
use crate::{
    CachedToken, Database, Error, Keys, RowVersion, SealError, StoreUnchecked, TokenCache,
};

/// One row of the database, and what this machine knows of it.
pub(super) struct Row {
    pub(super) database: Database,
    pub(super) name: String,
    pub(super) keys: RwLock<Keys>,
    pub(super) cache: TokenCache,
    pub(super) holder: String,
    pub(super) now: fn() -> Timestamp,
    pub(super) unchecked: Mutex<Option<StoreUnchecked>>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("name", &self.name)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

impl Row {
    /// Reads the row, which must exist and not be older than before.
    pub(super) async fn read(&self) -> Result<StoredRow, Error> {
        // First: another process may store and remember a newer version during the query.
        let cached = self.cache.load().unwrap_or_default();
        let stored = self.database.read(&self.name).await?;
        let stored = stored.ok_or_else(|| Error::NoRow { name: self.name.clone() })?;
        self.cache.check_version(&cached, stored.version).map_err(Error::WentBack)?;
        self.set_unchecked(None);
        Ok(stored)
    }

    /// Opens the document of the row, and remembers its access token.
    pub(super) fn open<D: Document>(&self, stored: &StoredRow) -> Result<Option<D>, Error> {
        let document = match &stored.document {
            None => None,
            Some(sealed) => {
                let row = RowVersion { name: &self.name, version: stored.version };
                let opened = match self.keys().open(row, sealed) {
                    Err(SealError::WrongKey { .. }) => None,
                    other => Some(other),
                };
                // A key may have been added to the file since it was read.
                let text = opened.unwrap_or_else(|| self.read_keys().open(row, sealed))?;
                let document = D::parse(&text);
                Some(document.ok_or_else(|| Error::NotASignIn { name: self.name.clone() })?)
            }
        };
        self.remember(stored.version, document.as_ref());
        Ok(document)
    }

    /// Seals a document for the version that follows `version`.
    pub(super) fn seal(&self, version: i64, document: &impl Document) -> Result<Vec<u8>, Error> {
        // Nobody has stored that many sign-ins: the number was changed.
        let version = version.checked_add(1).ok_or(Error::Changed(SealError::Tampered))?;
        let row = RowVersion { name: &self.name, version };
        Ok(self.keys().seal(row, &document.to_bytes())?)
    }

    pub(super) fn keys(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the key file again. A file that cannot be used changes nothing.
    fn read_keys(&self) -> RwLockReadGuard<'_, Keys> {
        let keys = self.keys().read_again();
        if let Some(keys) = keys {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        self.keys()
    }

    /// Without the cache everything works, but each call asks the database.
    pub(super) fn remember(&self, version: i64, sign_in: Option<&impl Refreshable>) {
        let token = sign_in.and_then(|sign_in| CachedToken::new(version, sign_in, (self.now)()));
        let _ = self.cache.remember(version, token.as_ref());
    }

    pub(super) fn set_unchecked(&self, warning: Option<StoreUnchecked>) {
        *self.unchecked.lock().unwrap_or_else(PoisonError::into_inner) = warning;
    }
}

pub(super) type SharedRow = Arc<Row>;
