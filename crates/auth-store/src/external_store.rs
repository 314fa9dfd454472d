use std::error::Error as StdError;
use std::fmt;

use zeroize::Zeroizing;

use crate::file_location::{Content, SIZE_LIMIT};
use crate::{Error, Location};

/// A store for the document other than a file: a keychain, a password store, a company's vault.
///
/// It has one entry, the text of an `auth.json`. The locks are held around a [`read`](Self::read) and
/// the following [`write`](Self::write), and the content is compared again before the write. The
/// external store needs no locks.
pub trait ExternalStore: fmt::Debug + Send + Sync {
    /// The display name, with the entry if that helps. Not secret.
    fn name(&self) -> String;

    /// Checks that an entry of this length can be written and read back, because some stores have a
    /// limit. Nothing is left behind.
    ///
    /// # Errors
    ///
    /// It is locked, missing or cannot use the entry. The error comes within seconds.
    fn check(&self, length: usize) -> Result<(), ExternalStoreError>;

    /// The entry; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check).
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError>;

    /// Replaces the entry.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check). The old entry is then unchanged, except after a timeout.
    fn write(&self, document: &[u8]) -> Result<(), ExternalStoreError>;

    /// Removes the entry. False if there was none.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check).
    fn remove(&self) -> Result<bool, ExternalStoreError>;
}

/// The error of an external store, without anything of the entry.
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

/// No external store has compare-and-swap, so another machine that shares it can still write in
/// between.
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

/// A store that was stopped before its answer may have stored the document.
fn may_have_written(error: &ExternalStoreError) -> bool {
    #[cfg(feature = "keyring")]
    if crate::keyring_store::is_timeout(error) {
        return true;
    }
    use credential_helper::Error::{Cancelled, TimedOut};
    matches!(error.downcast_ref(), Some(TimedOut { .. } | Cancelled { .. }))
}
