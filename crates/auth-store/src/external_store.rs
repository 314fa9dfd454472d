use std::fmt;
use std::sync::Arc;

use shared_file::Content;
use zeroize::Zeroizing;

use crate::backend::Source;
use crate::{AuthDocument, Error, ExternalStoreError, Location};

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

/// How much a document can grow. Some stores hold only a few thousand bytes, so this is the size of a
/// usual sign-in.
const GROWTH: u64 = 8 * 1024;

/// The entry of an external store.
pub(crate) struct ExternalEntry {
    store: Arc<dyn ExternalStore>,
    /// What was last read or written.
    content: Option<Content>,
}

impl ExternalEntry {
    pub(crate) fn new(store: Arc<dyn ExternalStore>) -> Self {
        Self { store, content: None }
    }

    pub(crate) fn source(&self) -> Source {
        Source { location: Location::External(self.store.name()), replaceable: false }
    }

    pub(crate) fn load(&mut self) -> Result<Option<AuthDocument>, Error> {
        self.content = self.read()?;
        self.content.as_ref().map_or(Ok(None), |content| self.source().parse(content))
    }

    fn read(&self) -> Result<Option<Content>, Error> {
        self.store.read().map_err(|source| self.failed(source))
    }

    /// Checks that a successor of the entry can be written.
    pub(crate) fn check(mut self) -> Result<(), Error> {
        self.content = self.read()?;
        self.reserve()
    }

    /// The same for what was read. Nothing is reserved: the store is tested with an entry of that length.
    pub(crate) fn reserve(&self) -> Result<(), Error> {
        let source = self.source();
        let content = self.content.as_deref().map_or(&[][..], Vec::as_slice);
        let length =
            source.parse(content).and_then(|it| source.length_to_come(&it.unwrap_or_default()));
        // A store that returns what it never took has no readable entry either.
        let tried = length.as_ref().unwrap_or(&0) + GROWTH;
        let checked = self.store.check(usize::try_from(tried).unwrap_or(usize::MAX));
        checked.map_err(|source| self.failed(source))?;
        length.map(drop)
    }

    /// Replaces what was read. No external store has compare-and-swap, so another machine that shares it
    /// can still write after the comparison.
    pub(crate) fn replace(&mut self, document: Content) -> Result<(), Error> {
        if self.read()? != self.content {
            return Err(Error::Changed { name: self.store.name() });
        }
        self.store.write(&document).map_err(|source| match may_have_written(&source) {
            true => Error::MayBeStored { name: self.store.name(), source },
            false => self.failed(source),
        })?;
        self.content = Some(document);
        Ok(())
    }

    pub(crate) fn remove(&mut self) -> Result<bool, Error> {
        let was_there = self.store.remove().map_err(|source| self.failed(source))?;
        self.content = None;
        Ok(was_there)
    }

    fn failed(&self, source: ExternalStoreError) -> Error {
        Error::External { name: self.store.name(), source }
    }
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
