use std::error::Error as StdError;
use std::fmt;

use zeroize::Zeroizing;

use crate::file_location::{Content, SIZE_LIMIT};
use crate::{Error, Location};

/// Another backend of the document than a file: a keychain, a password store, a company's external store.
///
/// It keeps one entry, which is the text of an `auth.json`. The store holds its locks around a
/// [`read`](Self::read) and the [`write`](Self::write) that follows, and compares again right before
/// it writes; an external store itself has nothing to lock.
pub trait ExternalStore: fmt::Debug + Send + Sync {
    /// What people call it, with the entry where that tells more; nothing secret.
    fn name(&self) -> String;

    /// Finds out whether an entry of this many bytes can be written and read back, because some external stores
    /// have a limit. Nothing stays.
    ///
    /// # Errors
    ///
    /// It is locked, or absent, or the entry cannot be used. It is told in seconds.
    fn check(&self, length: usize) -> Result<(), ExternalStoreError>;

    /// The entry; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check).
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError>;

    /// Writes the entry, in the place of the old one.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check); the old entry is then still there, unless the external store did not answer in
    /// time.
    fn write(&self, document: &[u8]) -> Result<(), ExternalStoreError>;

    /// Removes the entry. False where there was none.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check).
    fn remove(&self) -> Result<bool, ExternalStoreError>;
}

/// Why an external store could not do what it was asked to do; in words, and with nothing of the entry.
pub type ExternalStoreError = Box<dyn StdError + Send + Sync>;

pub(crate) fn failed(
    external: &impl AsRef<dyn ExternalStore>,
    source: ExternalStoreError,
) -> Error {
    Error::External { name: external.as_ref().name(), source }
}

pub(crate) fn read(external: &dyn ExternalStore) -> Result<Content, Error> {
    let failed = |source| Error::External { name: external.name(), source };
    Ok(match external.read().map_err(failed)? {
        None => Content::Absent,
        Some(bytes) if bytes.len() as u64 > SIZE_LIMIT => Content::TooLarge,
        Some(bytes) => Content::Bytes(bytes),
    })
}

/// No external store swaps by comparison, so another machine that shares it can still come in between.
pub(crate) fn replace(
    external: &dyn ExternalStore,
    snapshot: &Content,
    bytes: &[u8],
) -> Result<(), Error> {
    if read(external)? != *snapshot {
        return Err(Error::Changed { location: Location::External(external.name()) });
    }
    let name = external.name();
    external.write(bytes).map_err(|source| match may_have_written(&source) {
        true => Error::MayBeStored { name, source },
        false => Error::External { name, source },
    })
}

/// An external store that was stopped before it answered may have been about to.
fn may_have_written(error: &ExternalStoreError) -> bool {
    #[cfg(feature = "keyring")]
    if crate::keyring_store::is_timeout(error) {
        return true;
    }
    use credential_helper::Error::{Cancelled, TimedOut};
    matches!(error.downcast_ref(), Some(TimedOut { .. } | Cancelled { .. }))
}
