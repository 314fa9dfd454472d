use std::fmt;
use std::path::PathBuf;

use credentials::RefreshToken;
use jiff::Timestamp;
use token_source::{Commit, RefreshedTokens};

use crate::backend::Backend;
use crate::file::Reserved;
use crate::lock::Locks;
use crate::snapshot::Snapshot;
use crate::temp_file::TempFile;
use crate::{AuthDocument, Error, Location, file};

/// The stored sign-in under its locks, which are released on drop, and by the system if the process
/// dies.
///
/// A program that takes no locks can still write, so a [commit](Self::commit) compares first.
pub struct LockedStore {
    backend: Backend,
    /// What was last read or written.
    snapshot: Snapshot,
    /// The reservation for the next commit. It is released before the locks.
    reserved: Option<Reserved>,
    /// The copy of a document that cannot be read and is about to be replaced.
    copy: Option<TempFile>,
    locks: Locks,
}

/// How often a change is repeated because another program wrote meanwhile.
const ATTEMPTS: usize = 3;

impl LockedStore {
    pub(crate) fn new(backend: Backend, locks: Locks) -> Self {
        Self { backend, snapshot: Snapshot::default(), reserved: None, copy: None, locks }
    }

    /// Where the document is, or will be.
    #[must_use]
    pub fn location(&self) -> Location {
        self.backend.location()
    }

    /// Reads the document; `None` if there is none. Finishes an interrupted save of the same account
    /// first.
    ///
    /// # Errors
    ///
    /// Like [`AuthStore::load`](crate::AuthStore::load), or [`Error::NotReplaced`] once more.
    pub fn load(&mut self) -> Result<Option<AuthDocument>, Error> {
        // A reservation has the same file name.
        if self.reserved.is_none() {
            self.backend.finish_interrupted()?;
        }
        // The old one is closed first, which frees its descriptor.
        let before = std::mem::take(&mut self.snapshot).content;
        self.snapshot = self.backend.read()?;
        if self.snapshot.content != before {
            self.copy = None;
        }
        self.backend.parse(self.snapshot.content.as_ref())
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
    /// [`Error::NoLocks`], because without locks several processes could use the refresh token;
    /// [`Error::WouldBeTooLarge`], or like
    /// [`AuthStore::check_writable`](crate::AuthStore::check_writable).
    pub fn reserve(&mut self) -> Result<(), Error> {
        self.locks.check()?;
        self.reserve_room()
    }

    /// Loads, and [reserves](Self::reserve) what [`update_with_backup`] with the same time needs for a
    /// new sign-in. A document that cannot be read is copied already. A new sign-in needs no locks,
    /// because it replaces everything.
    ///
    /// # Errors
    ///
    /// Like [`reserve`](Self::reserve), except [`Error::NoLocks`].
    ///
    /// [`update_with_backup`]: Self::update_with_backup
    pub fn reserve_for_sign_in(&mut self, now: Timestamp) -> Result<(), Error> {
        self.load_with_backup(Some(now))?;
        self.reserve_room()
    }

    fn reserve_room(&mut self) -> Result<(), Error> {
        // It has the same file name as the next one.
        self.reserved = None;
        self.reserved = self.backend.reserve(self.snapshot.content.as_ref())?;
        Ok(())
    }

    /// Replaces the [loaded](Self::load) document, durably: when this returns, the new one survives a
    /// power loss.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] if another program, which takes no locks, has written or removed the document
    /// since: load it again. Only after [`Error::NotDurable`] is the new document stored. The
    /// [reservation](Self::reserve) is used up, and kept for another attempt if possible.
    pub fn commit(&mut self, document: &AuthDocument) -> Result<(), Error> {
        self.put(document).map(drop)
    }

    /// Stores the new tokens if the used refresh token is still stored, and nothing otherwise.
    pub(crate) fn commit_refresh(
        &mut self,
        mut document: AuthDocument,
        tokens: &RefreshedTokens,
        spent: &RefreshToken,
    ) -> Result<Commit<AuthDocument>, Error> {
        for _ in 0..ATTEMPTS {
            document.set_refreshed_tokens(tokens);
            match self.commit_with_retry(&document) {
                Err(Error::Changed { .. }) => {}
                committed => return committed.map(|()| Commit::Stored(document)),
            }
            match self.load()? {
                Some(theirs) if has_refresh_token(&theirs, spent) => document = theirs,
                stored => {
                    let stored = stored.filter(AuthDocument::is_signed_in);
                    return Ok(Commit::Superseded { stored, discarded: document });
                }
            }
        }
        Err(Error::Changed { location: self.location() })
    }

    /// Tries a failed write once more: the old refresh token is used up, so there is no other way.
    fn commit_with_retry(&mut self, document: &AuthDocument) -> Result<(), Error> {
        match self.commit(document) {
            Err(
                Error::NotWritable { .. }
                | Error::NotReplaced { .. }
                | Error::Io { .. }
                | Error::External { .. }
                | Error::MayBeStored { .. },
            ) => self.commit(document),
            other => other,
        }
    }

    pub(crate) fn check_savable(&self) -> Result<(), Error> {
        self.backend.check_savable()
    }

    /// Checks that a removal could work, before tokens are revoked for it.
    ///
    /// # Errors
    ///
    /// Like [`remove`](Self::remove).
    pub fn check_removable(&self) -> Result<(), Error> {
        self.backend.check_removable()
    }

    /// Removes the document, also an unreadable one, durably. False if there was none.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; the document may then still be there. An unreadable file behind a symbolic link
    /// is not removed: it may not be an `auth.json`.
    pub fn remove(&mut self) -> Result<bool, Error> {
        let was_there = self.backend.remove()?;
        self.snapshot = Snapshot::default();
        Ok(was_there)
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
        back_up: Option<Timestamp>,
        mut change: impl FnMut(&mut AuthDocument) -> T,
    ) -> Result<(T, Option<PathBuf>), Error> {
        let mut attempts = 0;
        loop {
            let mut document = self.load_with_backup(back_up)?;
            let outcome = change(&mut document);
            attempts += 1;
            match self.put(&document) {
                Err(Error::Changed { .. }) if attempts < ATTEMPTS => {}
                stored => return stored.map(|copy| (outcome, copy)),
            }
        }
    }

    /// Loads. With a time, a document that cannot be read is copied and counts as empty.
    fn load_with_backup(&mut self, now: Option<Timestamp>) -> Result<AuthDocument, Error> {
        match (self.load(), now.zip(self.backend.replaceable_file())) {
            (Err(Error::Corrupt { .. } | Error::TooLarge { .. }), Some((now, location))) => {
                if self.copy.is_none() {
                    self.copy = Some(file::back_up(location, now)?);
                }
                Ok(AuthDocument::default())
            }
            (other, _) => Ok(other?.unwrap_or_default()),
        }
    }

    /// Replaces the document of the snapshot. Returns the path of the backup.
    fn put(&mut self, document: &AuthDocument) -> Result<Option<PathBuf>, Error> {
        let bytes = self.backend.serialize(document)?;
        let stored = self.backend.replace(&mut self.snapshot, &mut self.reserved, bytes);
        let copy = match &stored {
            Ok(()) | Err(Error::NotDurable { .. }) => self.copy.take().map(|mut copy| copy.keep()),
            Err(_) => None,
        };
        stored.map(|()| copy)
    }
}

fn has_refresh_token(document: &AuthDocument, token: &RefreshToken) -> bool {
    document.refresh_token().is_some_and(|stored| stored.expose() == token.expose())
}

impl fmt::Debug for LockedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockedStore").field("location", &self.location()).finish_non_exhaustive()
    }
}
