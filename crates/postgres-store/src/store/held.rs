use std::time::Duration;

use credentials::RefreshToken;
use token_source::{Commit, RefreshedTokens};
use tokio::time::{Instant, sleep, timeout};

use super::machine_lock::MachineLock;
use super::response::{Found, Next, Outcome, Response};
use super::row::{Row, SharedRow};
use super::sign_in::{Document, StoredSignIn};
use crate::database::{CLAIM, Claim, Moment, StoredRow};
use crate::{Error, ErrorKind};

/// A row that this process may have claimed, and the lock of its machine.
pub(super) struct Held {
    pub(super) row: SharedRow,
    pub(super) claim: Claim,
    pub(super) stored: StoredRow,
    pub(super) _lock: Option<MachineLock>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("claim", &self.claim).finish_non_exhaustive()
    }
}

/// How long and how often a statement is repeated.
pub(super) struct Retry {
    begun: Instant,
    pause: Duration,
    /// What is stored has the only copy of a new refresh token.
    is_only_copy: bool,
    /// Whether an attempt has met the claim of another process.
    was_overtaken: bool,
    /// Whether an attempt to store this document has had no answer.
    may_be_stored: bool,
    /// The lowest version in which this document was stored, of those that a machine may have seen with another one.
    stored_in: Option<i64>,
}

/// A failover and a restart take less. After it, a person has to repair the database, and the processes that wait would
/// hide that.
const COMMIT_TIME: Duration = Duration::from_secs(600);

/// Nothing is lost if a new sign-in is not stored: its caller still has it.
const SAVE_TIME: Duration = Duration::from_secs(30);

/// The claim of another process, which may have died.
const OVERTAKEN_TIME: Duration = CLAIM.saturating_add(SAVE_TIME);

/// How long the end of a process is delayed, to give a claim back.
const GIVE_BACK_TIME: Duration = Duration::from_secs(2);

const SHORTEST_PAUSE: Duration = Duration::from_millis(80);

/// Shorter than that of the processes that wait for the claim: after its end, they send the token that is used up.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Retry {
    /// For the only copy of a new refresh token. A server that starts or is replaced may also refuse.
    pub(super) fn commit() -> Self {
        Self::new(true)
    }

    /// For what its caller still has.
    pub(super) fn save() -> Self {
        Self::new(false)
    }

    fn new(is_only_copy: bool) -> Self {
        let (begun, pause) = (Instant::now(), SHORTEST_PAUSE);
        let (was_overtaken, may_be_stored, stored_in) = (false, false, None);
        Self { begun, pause, is_only_copy, was_overtaken, may_be_stored, stored_in }
    }

    fn limit(&self, error: &Error) -> Duration {
        match self.is_only_copy {
            true if !error.is_final() => COMMIT_TIME,
            false if matches!(error, Error::Overtaken { .. }) => OVERTAKEN_TIME,
            false if error.is_transient() && self.was_overtaken => OVERTAKEN_TIME,
            false if error.is_transient() => SAVE_TIME,
            _ => Duration::ZERO,
        }
    }

    /// The error of the last attempt, and what it means.
    pub(super) fn failed(&self, error: Error) -> Error {
        let error = match self.is_only_copy {
            true => Error::TokenLost { after: self.begun.elapsed(), source: error.into() },
            false => error,
        };
        let may_be_stored = self.may_be_stored || self.stored_in.is_some();
        if may_be_stored { Error::MayBeStored(error.into()) } else { error }
    }

    /// Waits before the next attempt, or returns the error if there is none.
    async fn wait(&mut self, error: Error) -> Result<(), Error> {
        self.was_overtaken |= matches!(error, Error::Overtaken { .. });
        if self.begun.elapsed() >= self.limit(&error) {
            return Err(error);
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

impl Held {
    pub(super) async fn commit<D: Document>(
        mut self,
        document: D,
        tokens: &RefreshedTokens,
        spent: &RefreshToken,
    ) -> Result<Commit<StoredSignIn<D>>, Error> {
        let mut retry = Retry::commit();
        let outcome = self.repeat_commit(document, tokens, spent, &mut retry).await;
        if matches!(outcome, Ok(Commit::Superseded { .. })) {
            self.give_back().await;
        }
        outcome.map_err(|error| retry.failed(error))
    }

    /// If it fails, the claim ends by itself.
    pub(super) async fn give_back(&self) {
        let _ = timeout(GIVE_BACK_TIME, self.row.database.give_back(&self.claim)).await;
    }

    async fn repeat_commit<D: Document>(
        &mut self,
        mut document: D,
        tokens: &RefreshedTokens,
        spent: &RefreshToken,
        retry: &mut Retry,
    ) -> Result<Commit<StoredSignIn<D>>, Error> {
        let claimed_version = self.claim.version();
        let claimed = D::parse(&document.to_bytes());
        let response = Response { tokens, spent, claimed, claimed_version };
        document.apply(tokens);
        loop {
            let outcome = self.store(Some(&document), retry).await?;
            let version = self.claim.version();
            if outcome == Outcome::Stored {
                // In a database that went back, no version is below one that a machine has seen.
                if version > claimed_version {
                    return Ok(Commit::Stored(StoredSignIn::Document(document)));
                }
                let first = retry.stored_in.unwrap_or(version);
                retry.stored_in = Some(first.min(version));
                continue;
            }
            let stored = self.open::<D>(retry).await?;
            let (sign_in, stored_in) = (stored.as_ref(), retry.stored_in);
            let found = Found { sign_in, version, document: &document, outcome, stored_in };
            match (response.next(&found), stored) {
                (Next::Apply, Some(other)) => {
                    document = other;
                    document.apply(tokens);
                }
                (Next::Keep, Some(other)) => {
                    return Ok(Commit::Stored(StoredSignIn::Document(other)));
                }
                (Next::Replace, _) => {}
                (_, stored) => {
                    let stored = stored.map(StoredSignIn::Document);
                    let discarded = StoredSignIn::Document(document);
                    return Ok(Commit::Superseded { stored, discarded });
                }
            }
        }
    }

    /// Opens what is stored. The key file may not have its key yet.
    async fn open<D: Document>(&self, retry: &mut Retry) -> Result<Option<D>, Error> {
        loop {
            match self.row.open(&self.stored) {
                Ok(document) => return Ok(document),
                Err(error) => retry.wait(error).await?,
            }
        }
    }

    /// Stores a document as the next version, and repeats that until it is known what the row has.
    pub(super) async fn store<D: Document>(
        &mut self,
        document: Option<&D>,
        retry: &mut Retry,
    ) -> Result<Outcome, Error> {
        let version = self.claim.version();
        let sealed = document.map(|document| self.row.seal(version, document)).transpose()?;
        retry.may_be_stored = false;
        let (other, asked) = loop {
            let asked = Moment::now();
            match self.try_store(sealed.as_deref(), retry).await {
                Ok(other) => break (other, asked),
                Err(error) => retry.wait(error).await?,
            }
        };
        let Some(other) = other else {
            self.claim.set_version(version + 1);
            self.row.remember_stored(version + 1, document, asked).await;
            self.stored.document = sealed;
            return Ok(Outcome::Stored);
        };
        self.claim.set_version(other.version);
        self.stored = other;
        Ok(match retry.may_be_stored && self.claim.version() > version + 1 {
            true => Outcome::PerhapsSuccessor,
            false => Outcome::Other,
        })
    }

    /// What the row has instead, if it is not stored.
    async fn try_store(
        &self,
        sealed: Option<&[u8]>,
        retry: &mut Retry,
    ) -> Result<Option<StoredRow>, Error> {
        let Row { database, name, .. } = &*self.row;
        database.ensure_connected().await?;
        let before = self.stored.document.as_deref();
        let stored = database.store(&self.claim, before, sealed, retry.is_only_copy).await;
        retry.may_be_stored |= stored.as_ref().is_err_and(|it| it.kind() == ErrorKind::Unreachable);
        if stored? {
            return Ok(None);
        }
        // An earlier attempt may have been committed although its answer was lost.
        let row = database.read_durable(name).await?;
        let row = row.ok_or_else(|| Error::NoRow { name: name.clone() })?;
        match row.version.checked_sub(self.claim.version()) {
            // Another process has claimed it, or it was another one for a moment, in another database.
            Some(0) if row.document.as_deref() == before => {
                Err(Error::Overtaken { name: name.clone() })
            }
            Some(1) if row.document.as_deref() == sealed => Ok(None),
            _ => Ok(Some(row)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::SealError;

    #[track_caller]
    fn assert_limits(error: impl Fn() -> Error, commit: u64, save: u64) {
        for (retry, limit) in [(Retry::commit(), commit), (Retry::save(), save)] {
            assert_eq!(retry.limit(&error()).as_secs(), limit, "{:?}", error());
        }
    }

    #[test]
    fn only_what_may_go_away_is_waited_for() {
        assert_limits(|| Error::TimedOut { after: Duration::ZERO }, 600, 30);
        assert_limits(|| Error::Key(SealError::NoKey { path: "keys".into() }), 600, 0);
        assert_limits(|| Error::NoRow { name: String::new() }, 600, 0);
        assert_limits(|| Error::Overtaken { name: String::new() }, 600, 120);
        assert_limits(|| Error::Changed(SealError::Tampered), 0, 0);
    }
}
