use std::fmt;

use zeroize::Zeroizing;

use crate::ExternalStoreError;

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
