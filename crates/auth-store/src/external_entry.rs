use std::sync::Arc;

use shared_file::Content;

use crate::source::Source;
use crate::{AuthDocument, Error, ExternalStore, ExternalStoreError, Location};

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
