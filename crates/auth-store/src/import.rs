use std::fmt;
use std::time::Duration;

use crate::external_store::claim;
use crate::{AuthDocument, Claim, Error, ExternalStore, ExternalStoreError, LockedStore};

/// Moves the sign-in of a file into an entry that several machines share, and that this process has claimed.
///
/// The entry is stored before the file is removed: a copy too many can be removed, one too few is lost. After an import
/// that was killed in between, both have the sign-in, and the next import only removes the file. If the entry was
/// refreshed since then, the token in the file is used up: it never replaces a later one of the same account.
pub struct Import<'e> {
    file: LockedStore,
    document: AuthDocument,
    entry: &'e dyn ExternalStore,
    claim: Box<dyn Claim>,
    found: FoundEntry,
}

/// What an entry has before an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundEntry {
    /// No sign-in.
    Empty,
    /// The same sign-in: only the file is removed.
    Same,
    /// A later sign-in of the same account, which is not replaced.
    Successor,
    /// Another sign-in, or something that cannot be read: it is replaced.
    Other,
}

/// A file whose sign-in is also in the entry.
#[must_use = "two places must never refresh the same sign-in"]
pub struct ImportedFile {
    file: LockedStore,
    document: AuthDocument,
}

impl<'e> Import<'e> {
    /// Claims the entry. `document` is what the file has. A process of this machine may be reading the entry: for that
    /// one this waits at most as long as `wait`.
    ///
    /// # Errors
    ///
    /// [`Error::Claimed`], or why the entry cannot be read, or the file cannot be removed.
    pub fn begin(
        file: LockedStore,
        document: AuthDocument,
        entry: &'e dyn ExternalStore,
        wait: Duration,
    ) -> Result<Self, Error> {
        file.check_removable()?;
        let mut claim = claim(entry, wait)?;
        let stored = claim.read().map_err(|source| failed(entry, source))?;
        let found = match stored.map(|text| AuthDocument::from_bytes(&text)) {
            None => FoundEntry::Empty,
            Some(Some(stored)) if stored.has_all_of(&document) => FoundEntry::Same,
            Some(Some(stored)) if !stored.is_signed_in() => FoundEntry::Empty,
            Some(Some(stored)) if stored.is_successor_of(&document) => FoundEntry::Successor,
            Some(_) => FoundEntry::Other,
        };
        Ok(Self { file, document, entry, claim, found })
    }

    /// What the entry has.
    #[must_use]
    pub fn found(&self) -> FoundEntry {
        self.found
    }

    /// Stores the sign-in in the entry. From now on, it may be refreshed there.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] if the entry has something else meanwhile, or has a [successor](FoundEntry::Successor). After
    /// [`Error::MayBeStored`] it may be stored.
    pub fn store(mut self) -> Result<ImportedFile, Error> {
        let name = self.entry.name();
        match self.found {
            FoundEntry::Same => self.claim.release(),
            FoundEntry::Successor => return Err(Error::Changed { name }),
            FoundEntry::Empty | FoundEntry::Other => {
                let text = self.document.to_bytes();
                let text = text.map_err(|error| failed(self.entry, error.into()))?;
                match self.claim.replace(Some(&text)) {
                    Ok(true) => {}
                    Ok(false) => return Err(Error::Changed { name }),
                    Err(error) => return Err(error.in_store(name)),
                }
            }
        }
        Ok(ImportedFile { file: self.file, document: self.document })
    }
}

impl ImportedFile {
    /// Removes the file.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] if a program that takes no lock, such as Codex CLI, has refreshed it meanwhile: the token in the
    /// entry may be used up. Otherwise the sign-in is still in both places.
    pub fn remove(mut self) -> Result<(), Error> {
        match self.file.load()? {
            Some(now) if now.lasting_secrets() != self.document.lasting_secrets() => {
                Err(Error::Changed { name: "auth.json".to_owned() })
            }
            _ => self.file.remove().map(drop),
        }
    }
}

fn failed(entry: &dyn ExternalStore, source: ExternalStoreError) -> Error {
    Error::External { name: entry.name(), source }
}

impl fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").field("found", &self.found).finish_non_exhaustive()
    }
}

impl fmt::Debug for ImportedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportedFile").field("file", &self.file).finish_non_exhaustive()
    }
}
