use std::marker::PhantomData;
use std::thread;
use std::time::Duration;

use credentials::RefreshToken;
use token_source::{Commit, RefreshedTokens, StoreGuard, TryLock};

use super::held::{Held, Retry};
use super::response::Outcome;
use super::sign_in::{Document, StoredSignIn};
use crate::Error;
use crate::database::CLAIM;

/// The claim of this process, and the lock of its machine.
///
/// Dropped before [`reserve`](StoreGuard::reserve), it gives the claim back. Dropped later, the claim stays until its
/// end: the refresh token may have been used.
#[derive(Debug)]
pub struct ClaimGuard<D> {
    held: Option<Held>,
    is_reserved: bool,
    document: PhantomData<fn() -> D>,
}

/// What is left of a claim when the answer to the request is there: for the statement that stores it.
const STORE_TIME: Duration = Duration::from_secs(5);

impl<D: Document> ClaimGuard<D> {
    /// Claims the row that was read. From the first moment the guard gives the claim back if it is dropped, because the
    /// answer of the database may be lost.
    pub(super) async fn claim(held: Held) -> Result<TryLock<Self>, Error> {
        let mut guard = Self { held: Some(held), is_reserved: false, document: PhantomData };
        let Some(Held { row, claim, .. }) = &guard.held else { return Ok(TryLock::Held(None)) };
        match row.database.claim(claim).await {
            Ok(true) => Ok(TryLock::Locked(guard)),
            Ok(false) => {
                guard.held = None;
                Ok(TryLock::Held(None))
            }
            Err(error) => {
                guard.release().await;
                Err(error)
            }
        }
    }
}

impl<D: Document> StoreGuard for ClaimGuard<D> {
    type SignIn = StoredSignIn<D>;
    type Error = Error;

    /// What was claimed: nobody stores another document meanwhile.
    async fn load(&mut self) -> Result<Option<StoredSignIn<D>>, Error> {
        let Some(held) = &self.held else { return Ok(None) };
        Ok(held.row.open(&held.stored)?.map(StoredSignIn::Document))
    }

    async fn reserve(&mut self, deadline: Duration) -> Result<(), Error> {
        let age = self.held.as_ref().map_or(Duration::MAX, |held| held.claim.age());
        if age.saturating_add(deadline).saturating_add(STORE_TIME) > CLAIM {
            return Err(Error::ClaimTooOld { age, deadline });
        }
        self.is_reserved = true;
        Ok(())
    }

    /// Dropped on the way, it gives the claim back like a guard that is dropped.
    async fn release(mut self) {
        self.is_reserved = false;
        if let Some(held) = &self.held {
            held.give_back().await;
        }
        self.held = None;
    }

    /// Repeats the statement on new connections until the tokens are stored, or something else is. After ten minutes,
    /// or an error that waiting cannot change, it returns [`Error::TokenLost`].
    async fn commit(
        mut self,
        sign_in: StoredSignIn<D>,
        tokens: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<StoredSignIn<D>>, Error> {
        let (Some(held), StoredSignIn::Document(document)) = (self.held.take(), sign_in) else {
            // What this guard has loaded is a document.
            return Err(Error::ClaimTooOld { age: CLAIM, deadline: STORE_TIME });
        };
        // A task goes on if the future is dropped.
        let task = tokio::spawn(async move { held.commit(document, &tokens, &spent).await });
        task.await.unwrap_or_else(|_| {
            let source = Error::TimedOut { after: Duration::ZERO }.into();
            Err(Error::MayBeStored(Error::TokenLost { after: Duration::ZERO, source }.into()))
        })
    }
}

impl<D: Document> ClaimGuard<D> {
    /// Stores another sign-in, or none, in place of what was [loaded](StoreGuard::load), and ends the claim. False if
    /// something else is there, which is what is loaded next.
    ///
    /// After [`reserve`](StoreGuard::reserve) the document may have the only copy of a new refresh token, and this
    /// repeats for as long as [`commit`](StoreGuard::commit) does. Otherwise it gives up after half a minute.
    ///
    /// # Errors
    ///
    /// Why it is not stored, or [`Error::TokenLost`]. [`Error::MayBeStored`], also if what is there may be a successor of
    /// the document, whose own refresh token is then used up.
    pub async fn store(&mut self, document: Option<&D>) -> Result<bool, Error> {
        let Some(held) = &mut self.held else { return Ok(false) };
        let mut retry = if self.is_reserved { Retry::commit() } else { Retry::save() };
        match held.store(document, &mut retry).await {
            Err(error) => Err(retry.failed(error)),
            Ok(Outcome::Other) => Ok(false),
            Ok(Outcome::PerhapsSuccessor) => {
                let overtaken = Error::Overtaken { name: held.row.name.clone() };
                Err(Error::MayBeStored(overtaken.into()))
            }
            Ok(Outcome::Stored) => {
                self.held = None;
                Ok(true)
            }
        }
    }

    /// Whether the row is empty, or sealed with the first key already.
    pub(super) fn is_sealed_with_first_key(&self) -> Result<bool, Error> {
        let Some(held) = &self.held else { return Ok(true) };
        let Some(sealed) = &held.stored.document else { return Ok(true) };
        Ok(held.row.keys().is_sealed_with_first_key(sealed)?)
    }

    /// Stores another sign-in, or none, in place of the one that was claimed.
    pub(super) async fn replace(mut self, document: Option<&D>) -> Result<(), Error> {
        let outcome = self.store(document).await;
        let name = self.held.as_ref().map(|held| held.row.name.clone()).unwrap_or_default();
        // A claim that is left is given back, even if nothing was sent.
        self.release().await;
        if outcome? { Ok(()) } else { Err(Error::Overtaken { name }) }
    }
}

impl<D> Drop for ClaimGuard<D> {
    fn drop(&mut self) {
        let Some(held) = self.held.take().filter(|_| !self.is_reserved) else { return };
        // The runtime of this thread may have ended; its connection ends with it.
        held.row.database.forget_connection();
        let give_back = thread::Builder::new().spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let _ = runtime.map(|runtime| {
                runtime.block_on(held.give_back());
                // A lookup of a name has no timeout.
                runtime.shutdown_background();
            });
        });
        // If it fails, the claim ends by itself.
        let _ = give_back.map(thread::JoinHandle::join);
    }
}
