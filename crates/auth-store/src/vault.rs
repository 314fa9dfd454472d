use std::error::Error as StdError;
use std::fmt;

use zeroize::Zeroizing;

use crate::place::{Content, SIZE_LIMIT};
use crate::{Error, Location};

/// Another keeper of the document than a file: a keychain, a password store, a company's vault.
///
/// It keeps one entry, which is the text of an `auth.json`. The store holds its locks around a
/// [`read`](Self::read) and the [`write`](Self::write) that follows, and compares again right before
/// it writes; a vault itself has nothing to lock.
pub trait Vault: fmt::Debug + Send + Sync {
    /// What people call it, with the entry where that tells more; nothing secret.
    fn name(&self) -> String;

    /// Finds out whether an entry of this many bytes can be written and read back, because some vaults
    /// have a limit. Nothing stays.
    ///
    /// # Errors
    ///
    /// It is locked, or absent, or the entry cannot be used. It is told in seconds.
    fn check(&self, length: usize) -> Result<(), VaultError>;

    /// The entry; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check).
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError>;

    /// Writes the entry, in the place of the old one.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check); the old entry is then still there, unless the vault did not answer in
    /// time.
    fn write(&self, document: &[u8]) -> Result<(), VaultError>;

    /// Removes the entry. False where there was none.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check).
    fn remove(&self) -> Result<bool, VaultError>;
}

/// Why a vault could not do what it was asked to do; in words, and with nothing of the entry.
pub type VaultError = Box<dyn StdError + Send + Sync>;

pub(crate) fn failed(vault: &impl AsRef<dyn Vault>, source: VaultError) -> Error {
    Error::Vault { name: vault.as_ref().name(), source }
}

pub(crate) fn read(vault: &dyn Vault) -> Result<Content, Error> {
    let failed = |source| Error::Vault { name: vault.name(), source };
    Ok(match vault.read().map_err(failed)? {
        None => Content::Absent,
        Some(bytes) if bytes.len() as u64 > SIZE_LIMIT => Content::TooLarge,
        Some(bytes) => Content::Bytes(bytes),
    })
}

/// No vault swaps by comparison, so another machine that shares it can still come in between.
pub(crate) fn replace(vault: &dyn Vault, seen: &Content, bytes: &[u8]) -> Result<(), Error> {
    if read(vault)? != *seen {
        return Err(Error::Changed { location: Location::Vault(vault.name()) });
    }
    let name = vault.name();
    vault.write(bytes).map_err(|source| match may_have_written(&source) {
        true => Error::MayBeStored { name, source },
        false => Error::Vault { name, source },
    })
}

/// A vault that was stopped before it answered may have been about to.
fn may_have_written(error: &VaultError) -> bool {
    #[cfg(feature = "keyring")]
    if crate::keyring_vault::is_timeout(error) {
        return true;
    }
    use credential_helper::Error::{Cancelled, TimedOut};
    matches!(error.downcast_ref(), Some(TimedOut { .. } | Cancelled { .. }))
}
