use std::time::Duration;

use credentials::RefreshToken;
use token_source::{Commit, RefreshedTokens, is_older};
use tokio::time::{Instant, sleep, timeout};

use super::machine_lock::MachineLock;
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

/// What the row has after an attempt to store a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// That document.
    Stored,
    /// Something else, which is what is replaced next.
    Other,
    /// The same, but an attempt has had no answer: it may be a successor of the document.
    PerhapsSuccessor,
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
    /// The version in which this document was stored, if a machine may have seen that one with another document.
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
        let has = |it: &D, token: &RefreshToken| {
            it.refresh_token().is_some_and(|it| it.expose() == token.expose())
        };
        let has_new = |it: &D| tokens.refresh_token.as_ref().is_some_and(|token| has(it, token));
        let (claimed, before) = (self.claim.version(), D::parse(&document.to_bytes()));
        let is_ancestor = |it: &D| before.as_ref().is_some_and(|before| is_ancestor(it, before));
        let new = tokens.refresh_token.as_ref();
        let is_rotated = new.is_some_and(|token| token.expose() != spent.expose());
        // What has a later version than this document comes from it.
        let is_before = |retry: &Retry, version: i64| {
            version <= claimed && retry.stored_in.is_none_or(|stored| version < stored)
        };
        document.apply(tokens);
        loop {
            let outcome = self.store(Some(&document), retry).await?;
            if outcome == Outcome::Stored {
                // In a database that went back, no version is below one that a machine has seen.
                if self.claim.version() > claimed {
                    return Ok(Commit::Stored(StoredSignIn::Document(document)));
                }
                retry.stored_in = Some(self.claim.version());
                continue;
            }
            match self.open::<D>(retry).await? {
                // Another process has a newer access token, and the refresh token still works.
                Some(other) if !is_rotated && has(&other, spent) && is_older(&document, &other) => {
                    return Ok(Commit::Stored(StoredSignIn::Document(other)));
                }
                // The same sign-in, in another version.
                Some(other) if has(&other, spent) => {
                    document = other;
                    document.apply(tokens);
                }
                // An earlier attempt was committed, and something else was changed after it.
                Some(other)
                    if has_new(&other) || is_perhaps_successor(outcome, &other, &document) =>
                {
                    return Ok(Commit::Stored(StoredSignIn::Document(other)));
                }
                // The database went back to an ancestor of what was claimed, whose refresh token is used up. A new
                // sign-in is not older, and stays.
                Some(other) if is_before(retry, self.claim.version()) && is_ancestor(&other) => {}
                // It was set up again. After a logout, it is no longer in version 0.
                None if self.claim.version() == 0 && claimed > 0 => {}
                Some(other) if retry.stored_in.is_some() => {
                    return Ok(Commit::Stored(StoredSignIn::Document(other)));
                }
                stored => {
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

fn is_perhaps_successor<D: Document>(outcome: Outcome, other: &D, document: &D) -> bool {
    outcome == Outcome::PerhapsSuccessor && other.is_same_account(document)
}

/// Whether `later` may come from a refresh of this sign-in. That may have brought a refresh token alone.
fn is_ancestor<D: Document>(sign_in: &D, later: &D) -> bool {
    let tokens = sign_in.access_token().zip(later.access_token());
    let has_same = tokens.is_some_and(|(it, later)| it.expose() == later.expose());
    sign_in.refresh_token().is_some()
        && sign_in.is_same_account(later)
        && (has_same || is_older(sign_in, later))
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

    #[cfg(feature = "auth-store")]
    #[test]
    fn ancestor_is_an_older_sign_in_of_the_account_with_a_refresh_token() {
        use crate::auth_json::AuthJson;
        use serde_json::json;

        let sign_in = |account: &str, access_token: &str, refresh_token: &str, day: u32| {
            let tokens = json!({
                "account_id": account, "access_token": access_token, "refresh_token": refresh_token,
            });
            let last_refresh = format!("2026-11-{day}T00:00:00Z");
            let json = json!({
                "auth_mode": "chatgpt", "tokens": tokens, "last_refresh": last_refresh,
            });
            AuthJson::parse(json.to_string().as_bytes()).unwrap()
        };
        let claimed = sign_in("1", "a", "r-2", 20);
        for (it, expected) in [
            (sign_in("1", "a", "r-1", 20), true),
            (sign_in("1", "b", "r-1", 19), true),
            (sign_in("1", "b", "r-3", 20), false),
            (sign_in("1", "b", "r-3", 21), false),
            (sign_in("2", "b", "r-1", 19), false),
            (sign_in("1", "b", "", 19), false),
        ] {
            assert_eq!(is_ancestor(&it, &claimed), expected);
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
