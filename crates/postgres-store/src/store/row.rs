use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use jiff::Timestamp;
use token_source::Refreshable;
use tokio::time::sleep;

use super::sign_in::Document;
use crate::database::{Moment, StoredRow};
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

/// Writing takes less than a millisecond, unless the process is stopped.
const CACHE_ATTEMPTS: u32 = 100;
const CACHE_PAUSE: Duration = Duration::from_millis(10);

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
        self.remember(stored.version, document.as_ref(), stored.asked);
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

    /// Remembers what this process has stored. Another one may be about to write what it has read before.
    pub(super) async fn remember_stored(
        &self,
        version: i64,
        sign_in: Option<&impl Refreshable>,
        asked: Moment,
    ) {
        for _ in 0..CACHE_ATTEMPTS {
            if self.remember(version, sign_in, asked) {
                return;
            }
            sleep(CACHE_PAUSE).await;
        }
    }

    /// False if another process is writing. Without the cache everything works, but each call asks the database.
    fn remember(&self, version: i64, sign_in: Option<&impl Refreshable>, asked: Moment) -> bool {
        let now = (self.now)();
        // This process may have been stopped since.
        let checked_at = now.checked_sub(asked.elapsed()).unwrap_or(now);
        let token = sign_in.and_then(|sign_in| CachedToken::new(version, sign_in, checked_at));
        self.cache.remember(version, token.as_ref()).unwrap_or(true)
    }

    pub(super) fn set_unchecked(&self, warning: Option<StoreUnchecked>) {
        *self.unchecked.lock().unwrap_or_else(PoisonError::into_inner) = warning;
    }
}

pub(super) type SharedRow = Arc<Row>;
