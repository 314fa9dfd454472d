use std::marker::PhantomData;
use std::thread;
use std::time::Duration;

use credentials::RefreshToken;
use token_source::{Commit, RefreshedTokens, StoreGuard};
use tokio::time::{sleep, timeout};

use super::machine_lock::MachineLock;
use super::row::{Row, SharedRow};
use super::sign_in::{Document, StoredSignIn};
use crate::Error;
use crate::database::{CLAIM, Claim, StoredRow};

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

struct Held {
    row: SharedRow,
    claim: Claim,
    stored: StoredRow,
    _lock: MachineLock,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("claim", &self.claim).finish_non_exhaustive()
    }
}

/// What is left of a claim when the answer to the request is there: for the statement that stores it.
const STORE_TIME: Duration = Duration::from_secs(5);

/// How long the end of a process is delayed, to give a claim back.
const GIVE_BACK_TIME: Duration = Duration::from_secs(2);

const SHORTEST_PAUSE: Duration = Duration::from_millis(80);
const LONGEST_PAUSE: Duration = Duration::from_millis(1500);

/// How often an error is no reason to give up that does not go away by itself: half a minute.
const ATTEMPTS: u32 = 20;

impl<D: Document> ClaimGuard<D> {
    pub(super) fn new(row: SharedRow, claim: Claim, stored: StoredRow, lock: MachineLock) -> Self {
        let held = Held { row, claim, stored, _lock: lock };
        Self { held: Some(held), is_reserved: false, document: PhantomData }
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

    async fn release(mut self) {
        if let Some(held) = self.held.take() {
            // If it fails, the claim ends by itself.
            let _ = held.row.database.give_back(&held.claim).await;
        }
    }

    /// Repeats the statement on new connections until the tokens are stored, or something else is.
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
        task.await.unwrap_or(Err(Error::TimedOut { after: Duration::ZERO }))
    }
}

impl<D: Document> ClaimGuard<D> {
    /// Whether there is nothing to seal again.
    pub(super) fn is_sealed_with_first(&self) -> Result<bool, Error> {
        let sealed = self.held.as_ref().and_then(|held| {
            Some(held.row.keys.is_sealed_with_first(held.stored.document.as_deref()?))
        });
        Ok(sealed.transpose()?.unwrap_or(true))
    }

    /// Stores another sign-in, or none, in place of the one that was claimed.
    pub(super) async fn replace(mut self, document: Option<&D>) -> Result<(), Error> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let version = held.claim.version();
        let sealed = document.map(|document| held.row.seal(version, document)).transpose()?;
        match held.store(version, sealed.as_deref()).await? {
            Stored::Here => {
                held.row.remember(version + 1, document);
                Ok(())
            }
            Stored::Other(_) => Err(Error::Overtaken { name: held.row.name.clone() }),
        }
    }
}

/// What the row has after the statement.
enum Stored {
    /// What was to be stored.
    Here,
    /// Something else.
    Other(StoredRow),
}

impl Held {
    async fn commit<D: Document>(
        self,
        mut document: D,
        tokens: &RefreshedTokens,
        spent: &RefreshToken,
    ) -> Result<Commit<StoredSignIn<D>>, Error> {
        let has = |it: &D, token: &RefreshToken| {
            it.refresh_token().is_some_and(|it| it.expose() == token.expose())
        };
        let has_new = |it: &D| tokens.refresh_token.as_ref().is_some_and(|token| has(it, token));
        let mut version = self.claim.version();
        loop {
            document.apply(tokens);
            let sealed = self.row.seal(version, &document)?;
            match self.store(version, Some(&sealed)).await? {
                Stored::Here => {
                    self.row.remember(version + 1, Some(&document));
                    return Ok(Commit::Stored(StoredSignIn::Document(document)));
                }
                Stored::Other(row) => match self.row.open::<D>(&row)? {
                    // The same sign-in, in another version.
                    Some(other) if has(&other, spent) => {
                        (document, version) = (other, row.version);
                    }
                    // An earlier attempt was committed, and something else was changed after it.
                    Some(other) if has_new(&other) => {
                        return Ok(Commit::Stored(StoredSignIn::Document(other)));
                    }
                    stored => {
                        let stored = stored.map(StoredSignIn::Document);
                        let discarded = StoredSignIn::Document(document);
                        return Ok(Commit::Superseded { stored, discarded });
                    }
                },
            }
        }
    }

    /// Repeats the statement on new connections until it is known what the row has.
    async fn store(&self, version: i64, sealed: Option<&[u8]>) -> Result<Stored, Error> {
        let mut pause = SHORTEST_PAUSE;
        let mut attempts = ATTEMPTS;
        loop {
            match self.try_store(version, sealed).await {
                Ok(Some(stored)) => return Ok(stored),
                Ok(None) => {}
                Err(error) if error.is_transient() => {}
                // A server that starts or is replaced may also refuse.
                Err(error) if attempts == 0 => return Err(error),
                Err(_) => attempts -= 1,
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// `None` if the row is unchanged.
    async fn try_store(
        &self,
        version: i64,
        sealed: Option<&[u8]>,
    ) -> Result<Option<Stored>, Error> {
        let Row { database, name, .. } = &*self.row;
        if database.store(name, version, sealed).await? {
            return Ok(Some(Stored::Here));
        }
        // An earlier attempt may have been committed although its answer was lost.
        let row = database.read(name).await?;
        let row = row.ok_or_else(|| Error::NoRow { name: name.clone() })?;
        let is_ours = row.version == version + 1 && row.document.as_deref() == sealed;
        Ok(match row.version == version {
            true => None,
            false if is_ours => Some(Stored::Here),
            false => Some(Stored::Other(row)),
        })
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
                let give_back = async {
                    timeout(GIVE_BACK_TIME, held.row.database.give_back(&held.claim)).await
                };
                let _ = runtime.block_on(give_back);
                // A lookup of a name has no timeout.
                runtime.shutdown_background();
            });
        });
        // If it fails, the claim ends by itself.
        let _ = give_back.map(thread::JoinHandle::join);
    }
}
