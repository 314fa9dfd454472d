use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use credentials::RefreshToken;
use jiff::Timestamp;
use token_source::{Commit, RefreshedTokens};

use crate::backend::Backend;
use crate::{AuthDocument, Claim, Error, ErrorKind, Location};

/// The stored sign-in under its locks, which are released on drop, and by the system if the process
/// dies.
///
/// A program that takes no locks can still write, so a [commit](Self::commit) compares first.
pub struct LockedStore(Backend);

/// How often a change is repeated because another program wrote meanwhile.
const ATTEMPTS: usize = 3;

impl LockedStore {
    pub(crate) fn new(backend: Backend) -> Self {
        Self(backend)
    }

    /// Where the document is, or will be.
    #[must_use]
    pub fn location(&self) -> Location {
        self.0.source().location
    }

    /// Reads the document; `None` if there is none. Finishes an interrupted save of the same account
    /// first.
    ///
    /// # Errors
    ///
    /// Like [`AuthStore::load`](crate::AuthStore::load), or [`FileError::NotReplaced`](crate::FileError::NotReplaced) once more.
    pub fn load(&mut self) -> Result<Option<AuthDocument>, Error> {
        self.0.load()
    }

    /// Makes sure that the next [commit](Self::commit) can work, before a refresh token is used for it.
    /// Reserves space on the disk, in an open file, for the successor of the [loaded](Self::load)
    /// document with the longest answer of a token endpoint; the commit needs no more space or
    /// descriptors. An external store is tested with an entry of that length.
    ///
    /// The reservation ends on drop.
    ///
    /// # Errors
    ///
    /// [`FileError::NoLocks`](crate::FileError::NoLocks), because without locks several processes could use the refresh token;
    /// [`Error::WouldBeTooLarge`], or like
    /// [`AuthStore::check_writable`](crate::AuthStore::check_writable).
    pub fn reserve(&mut self) -> Result<(), Error> {
        self.0.check_locks()?;
        self.0.reserve()
    }

    pub(crate) fn reserve_claim(&mut self, deadline: Duration) -> Result<(), Error> {
        self.0.reserve_claim(deadline)
    }

    pub(crate) fn take_claim(&mut self) -> Option<Box<dyn Claim>> {
        self.0.take_claim()
    }

    /// Loads, and [reserves](Self::reserve) what [`update_with_backup`] with the same time needs for a
    /// new sign-in. A document that cannot be read is copied already. A new sign-in needs no locks,
    /// because it replaces everything.
    ///
    /// # Errors
    ///
    /// Like [`reserve`](Self::reserve), except [`FileError::NoLocks`](crate::FileError::NoLocks).
    ///
    /// [`update_with_backup`]: Self::update_with_backup
    pub fn reserve_for_sign_in(&mut self, now: Timestamp) -> Result<(), Error> {
        self.load_with_backup(Some(now))?;
        self.0.reserve()
    }

    /// Replaces the [loaded](Self::load) document, durably: when this returns, the new one survives a
    /// power loss.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] if another program, which takes no locks, has written or removed the document
    /// since: load it again. Only after [`FileError::NotDurable`](crate::FileError::NotDurable) is the new document stored. The
    /// [reservation](Self::reserve) is used up, and kept for another attempt if possible.
    pub fn commit(&mut self, document: &AuthDocument) -> Result<(), Error> {
        self.0.replace(document).map(drop)
    }

    /// Stores the new tokens if the used refresh token is still stored, and nothing otherwise.
    pub(crate) fn commit_refresh(
        &mut self,
        mut document: AuthDocument,
        tokens: &RefreshedTokens,
        spent: &RefreshToken,
    ) -> Result<Commit<AuthDocument>, Error> {
        let copied_at = tokens.last_refresh.or_else(|| document.last_refresh());
        let copied_at = Some(copied_at.unwrap_or(Timestamp::UNIX_EPOCH));
        for _ in 0..ATTEMPTS {
            document.set_refreshed_tokens(tokens);
            match self.commit_with_retry(&document) {
                Err(error) if error.kind() == ErrorKind::Changed => {}
                committed => return committed.map(|()| Commit::Stored(document)),
            }
            match self.load() {
                Ok(Some(theirs)) if has_refresh_token(&theirs, spent) => document = theirs,
                // Half a document, which never became whole, is no sign-in. The new tokens exist nowhere
                // else, so they are stored even if it cannot be copied.
                Err(error) if self.back_up_unreadable(&error, copied_at).unwrap_or(true) => {}
                stored => {
                    let stored = stored?.filter(AuthDocument::is_signed_in);
                    return Ok(Commit::Superseded { stored, discarded: document });
                }
            }
        }
        document.set_refreshed_tokens(tokens);
        self.commit_with_retry(&document).map(|()| Commit::Stored(document))
    }

    /// Tries a failed write once more: the old refresh token is used up, so there is no other way.
    fn commit_with_retry(&mut self, document: &AuthDocument) -> Result<(), Error> {
        match self.commit(document) {
            Err(error) if MAY_WORK_AGAIN.contains(&error.kind()) => self.commit(document),
            other => other,
        }
    }

    /// Checks that a removal could work, before tokens are revoked for it.
    ///
    /// # Errors
    ///
    /// Like [`remove`](Self::remove).
    pub fn check_removable(&self) -> Result<(), Error> {
        self.0.check_removable()
    }

    /// Removes the document, also an unreadable one, durably. False if there was none.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; the document may then still be there. An unreadable file behind a symbolic link
    /// is not removed: it may not be an `auth.json`.
    pub fn remove(&mut self) -> Result<bool, Error> {
        self.0.remove()
    }

    /// Like [`AuthStore::update`](crate::AuthStore::update), for a new sign-in, which may replace a
    /// document that cannot be read. A copy of that stays as `auth.json.corrupt-TIME` with mode 0600, and
    /// its path is returned. `now` is that time.
    ///
    /// # Errors
    ///
    /// Like [`AuthStore::update`](crate::AuthStore::update). An unreadable file behind a symbolic link is
    /// not replaced, because it may not be an `auth.json`. Nor is an external entry, because its copy
    /// would be a secret in a file.
    pub fn update_with_backup<T>(
        &mut self,
        now: Timestamp,
        change: impl FnMut(&mut AuthDocument) -> T,
    ) -> Result<(T, Option<PathBuf>), Error> {
        self.change(Some(now), change)
    }

    /// Loads, changes and commits, again if another program wrote meanwhile. With a time, a document
    /// that cannot be read is backed up.
    pub(crate) fn change<T>(
        &mut self,
        backup_time: Option<Timestamp>,
        mut change: impl FnMut(&mut AuthDocument) -> T,
    ) -> Result<(T, Option<PathBuf>), Error> {
        let mut attempts = 0;
        loop {
            let mut document = self.load_with_backup(backup_time)?;
            let outcome = change(&mut document);
            attempts += 1;
            match self.0.replace(&document) {
                Err(error) if error.kind() == ErrorKind::Changed && attempts < ATTEMPTS => {}
                stored => return stored.map(|copy| (outcome, copy)),
            }
        }
    }

    /// Loads. With a time, a document that cannot be read is copied and counts as empty.
    fn load_with_backup(&mut self, now: Option<Timestamp>) -> Result<AuthDocument, Error> {
        match self.load() {
            Err(error) if self.back_up_unreadable(&error, now)? => Ok(AuthDocument::default()),
            other => Ok(other?.unwrap_or_default()),
        }
    }

    /// With a time, copies a file that cannot be read and may be replaced. False for other errors.
    fn back_up_unreadable(&mut self, error: &Error, now: Option<Timestamp>) -> Result<bool, Error> {
        match now {
            Some(now) if error.kind() == ErrorKind::Unreadable => {
                let time = format!("{now:.6}").replace(['-', ':'], "");
                self.0.back_up(&format!(".corrupt-{time}"))
            }
            _ => Ok(false),
        }
    }
}

/// Errors of a write that another attempt may not have.
const MAY_WORK_AGAIN: [ErrorKind; 5] = [
    ErrorKind::NotWritable,
    ErrorKind::NotReplaced,
    ErrorKind::Io,
    ErrorKind::External,
    ErrorKind::MayBeStored,
];

fn has_refresh_token(document: &AuthDocument, token: &RefreshToken) -> bool {
    document.refresh_token().is_some_and(|stored| stored.expose() == token.expose())
}

impl fmt::Debug for LockedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockedStore").field("location", &self.location()).finish_non_exhaustive()
    }
}
