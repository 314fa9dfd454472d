use std::sync::Arc;
use std::time::Duration;

use shared_file::Content;

use crate::source::Source;
use crate::{AuthDocument, Claim, Error, ExternalStore, ExternalStoreError, Location};

/// How much a document can grow. Some stores hold only a few thousand bytes, so this is the size of a
/// usual sign-in.
const USUAL_SIGN_IN_SIZE: u64 = 8 * 1024;

/// The entry of an external store.
pub(crate) struct ExternalEntry {
    store: Arc<dyn ExternalStore>,
    claim: Option<Box<dyn Claim>>,
    /// What was last read or written.
    content: Option<Content>,
}

impl ExternalEntry {
    pub(crate) fn new(store: Arc<dyn ExternalStore>) -> Self {
        Self::claimed(store, None)
    }

    pub(crate) fn claimed(store: Arc<dyn ExternalStore>, claim: Option<Box<dyn Claim>>) -> Self {
        Self { store, claim, content: None }
    }

    pub(crate) fn source(&self) -> Source {
        Source { location: Location::External(self.store.name()), replaceable: false }
    }

    pub(crate) fn load(&mut self) -> Result<Option<AuthDocument>, Error> {
        self.content = self.read()?;
        self.content.as_ref().map_or(Ok(None), |content| self.source().parse(content))
    }

    /// The document, which may have nothing but the access token.
    pub(crate) fn load_access_token(&self) -> Result<Option<AuthDocument>, Error> {
        let content = self.store.read_access_token().map_err(|source| self.failed(source))?;
        content.map_or(Ok(None), |content| self.source().parse(&content))
    }

    fn read(&mut self) -> Result<Option<Content>, Error> {
        let read = match &mut self.claim {
            Some(claim) => claim.read(),
            None => self.store.read(),
        };
        read.map_err(|source| self.failed(source))
    }

    pub(crate) fn is_claimed(&self) -> bool {
        self.claim.is_some()
    }

    /// Makes sure that a claim lasts longer than a request of this length.
    pub(crate) fn reserve_claim(&mut self, deadline: Duration) -> Result<(), Error> {
        let reserved = self.claim.as_mut().map_or(Ok(()), |claim| claim.reserve(deadline));
        reserved.map_err(|source| self.failed(source))
    }

    pub(crate) fn take_claim(&mut self) -> Option<Box<dyn Claim>> {
        self.claim.take()
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
        let tried = length.as_ref().unwrap_or(&0) + USUAL_SIGN_IN_SIZE;
        // What can be claimed can be written.
        if self.is_claimed() {
            return length.map(drop);
        }
        let checked = self.store.check(usize::try_from(tried).unwrap_or(usize::MAX));
        checked.map_err(|source| self.failed(source))?;
        length.map(drop)
    }

    /// Replaces what was read. Without claims there is no compare-and-swap, so another machine that shares
    /// the store can still write after the comparison.
    pub(crate) fn replace(&mut self, document: Content) -> Result<(), Error> {
        if self.is_claimed() {
            return self.replace_claimed(Some(&document));
        }
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

    fn replace_claimed(&mut self, document: Option<&[u8]>) -> Result<(), Error> {
        let replaced = self.claim.as_mut().map_or(Ok(false), |claim| claim.replace(document));
        match replaced {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Changed { name: self.store.name() }),
            Err(error) => Err(error.in_store(self.store.name())),
        }
    }

    pub(crate) fn remove(&mut self) -> Result<bool, Error> {
        if self.is_claimed() {
            // What cannot be read is there.
            let was_there = self.read().map_or(true, |content| content.is_some());
            return self.replace_claimed(None).map(|()| was_there);
        }
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
