use std::fmt;
use std::thread;
use std::time::Duration;

use credentials::RefreshToken;
use token_source::{Commit, RefreshedTokens, TryLock, WaitPolicy};
use zeroize::Zeroizing;

use crate::{AuthDocument, Error, ExternalStoreError};

/// A store for the document other than a file: a keychain, a password store, a company's vault.
///
/// It has one entry, the text of an `auth.json`. The locks are held around a [`read`](Self::read) and
/// the following [`write`](Self::write), and the content is compared again before the write. The
/// external store needs no locks, unless several machines share it: then it has [claims](Self::try_claim).
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

    /// The entry, or a recent copy of its access token without the rest: for a caller that needs no
    /// more. Most stores have no such copy.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check).
    fn read_access_token(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        self.read()
    }

    /// Whether it has claims. Then the locks only save connections, and a folder where they cannot be taken stops
    /// nothing.
    fn has_claims(&self) -> bool {
        false
    }

    /// Claims the entry, under the locks, so that no process of another machine uses its refresh token.
    /// `None`: this store has no claims, and the locks are enough.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check).
    fn try_claim(&self) -> Result<TryLock<Option<Box<dyn Claim>>>, ExternalStoreError> {
        Ok(TryLock::Locked(None))
    }

    /// How a process waits for the locks and the claim.
    fn wait_policy(&self) -> WaitPolicy {
        WaitPolicy::default()
    }
}

/// Claims the entry for a caller that has no locks of it. Another process of this machine, whose holder is not known, may
/// only read: for that one it waits, at most this long. Without claims, the error is [`Error::Claimed`], too.
pub(crate) fn claim(store: &dyn ExternalStore, wait: Duration) -> Result<Box<dyn Claim>, Error> {
    let WaitPolicy { shortest_pause, .. } = store.wait_policy();
    let mut waited = Duration::ZERO;
    loop {
        let failed = |source| Error::External { name: store.name(), source };
        let holder = match store.try_claim().map_err(failed)? {
            TryLock::Locked(Some(claim)) => return Ok(claim),
            TryLock::Locked(None) => None,
            TryLock::Held(holder) => holder,
        };
        if holder.is_some() || waited >= wait {
            return Err(Error::Claimed { name: store.name(), waited, holder });
        }
        thread::sleep(shortest_pause);
        waited += shortest_pause;
    }
}

/// The claim of this process on the entry of an [`ExternalStore`], until a time. With a claim,
/// [`write`](ExternalStore::write) and [`remove`](ExternalStore::remove) are not called.
///
/// Dropped before [`reserve`](Self::reserve), it is given back. Dropped later, it stays until its end: the
/// refresh token may have been used.
pub trait Claim: fmt::Debug + Send {
    /// The entry as it was claimed, or what [`replace`](Self::replace) has found in its place.
    ///
    /// # Errors
    ///
    /// The entry cannot be used.
    fn read(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError>;

    /// Makes sure that the claim lasts longer than a request of this length, which is sent next.
    ///
    /// # Errors
    ///
    /// It would end during the request.
    fn reserve(&mut self, deadline: Duration) -> Result<(), ExternalStoreError>;

    /// Replaces the entry that was [read](Self::read), or removes it; the claim ends. Tries until it is
    /// known what is stored. False if that is something else.
    ///
    /// # Errors
    ///
    /// Whether the entry may be stored.
    fn replace(&mut self, document: Option<&[u8]>) -> Result<bool, ClaimError>;

    /// Stores the tokens of a refresh in the entry that was [read](Self::read), as
    /// [`StoreGuard::commit`](token_source::StoreGuard::commit) has to; the claim ends.
    ///
    /// # Errors
    ///
    /// Whether the tokens may be stored.
    fn commit(
        self: Box<Self>,
        document: AuthDocument,
        tokens: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<AuthDocument>, ClaimError>;

    /// Gives the claim back. The refresh token is unused.
    fn release(self: Box<Self>);
}

/// Why a [`Claim`] has not stored an entry, as far as it knows.
#[derive(Debug)]
pub enum ClaimError {
    /// Nothing is stored.
    NotStored(ExternalStoreError),
    /// The outcome is unknown.
    MayBeStored(ExternalStoreError),
}

impl ClaimError {
    /// The error of the store with this display name.
    pub(crate) fn in_store(self, name: String) -> Error {
        match self {
            Self::NotStored(source) => Error::External { name, source },
            Self::MayBeStored(source) => Error::MayBeStored { name, source },
        }
    }
}
