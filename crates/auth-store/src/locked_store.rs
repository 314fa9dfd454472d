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
use crate::{AuthDocument, Error, Location, file, format};

/// The stored sign-in, while no program that takes the locks can change it. They are given back when
/// this is dropped, also by the system, when this program dies.
///
/// A program that takes no lock can still write: a [commit](Self::commit) compares before it swaps.
pub struct LockedStore {
    backend: Backend,
    /// What was read or written last. Before, it is nothing, and so a commit makes the first one.
    snapshot: Snapshot,
    /// What the next commit takes. It goes before the locks are given back.
    reserved: Option<Box<Reserved>>,
    /// The copy of what was seen, where that cannot be read and is going to be replaced.
    copy: Option<TempFile>,
    /// What an interrupted save has left, and which may not take the place of the document.
    abandoned: Option<AuthDocument>,
    locks: Locks,
}

/// How often the change is made anew when a program that takes no lock writes at the same moment.
const ATTEMPTS: usize = 3;

impl LockedStore {
    pub(crate) fn new(backend: Backend, locks: Locks) -> Self {
        Self {
            backend,
            snapshot: Snapshot::nothing(),
            reserved: None,
            copy: None,
            abandoned: None,
            locks,
        }
    }

    /// Where the document is, or will be.
    #[must_use]
    pub fn location(&self) -> Location {
        self.backend.location()
    }

    /// Reads the document; `None` where there is none. A save of the same account that was interrupted
    /// before its last step is finished first.
    ///
    /// # Errors
    ///
    /// Like [`AuthStore::load`](crate::AuthStore::load), or [`Error::NotReplaced`] once more.
    pub fn load(&mut self) -> Result<Option<AuthDocument>, Error> {
        // What was reserved has the same name.
        if self.reserved.is_none() {
            self.abandoned = self.backend.finish_interrupted()?.or(self.abandoned.take());
        }
        if self.backend.see(&mut self.snapshot)? {
            self.copy = None;
        }
        self.backend.document(self.snapshot.content())
    }

    /// The sign-in that an interrupted save has left beside the document when it was
    /// [loaded](Self::load), and which may not take its place, because there is none, or another
    /// account's. The next commit or removal destroys it: whoever makes one has to revoke its tokens.
    pub fn take_abandoned(&mut self) -> Option<AuthDocument> {
        self.abandoned.take()
    }

    /// Makes sure that the next [commit](Self::commit) works, before something is spent for it: of what
    /// takes the place of the document that was [loaded](Self::load) last, room for as much as a
    /// token endpoint can add is taken on the disk, in a file that is open from now on. The commit needs
    /// neither space nor a descriptor more. An external store is tried with an entry of that length.
    ///
    /// What was reserved is given back when this is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::NoLocks`], because of what is spent by several programs all but one is lost;
    /// [`Error::WouldBeTooLarge`], or like [`AuthStore::check_writable`](crate::AuthStore::check_writable).
    pub fn reserve(&mut self) -> Result<(), Error> {
        self.locks.check()?;
        self.reserve_room()
    }

    /// Loads, and [reserves](Self::reserve) what a new sign-in takes: [`update_with_backup`] with the
    /// same time needs nothing more. A file that cannot be read is copied already. A sign-in replaces
    /// whatever is there, and so it needs no locks where there are none.
    ///
    /// # Errors
    ///
    /// Like [`reserve`](Self::reserve), but for the first.
    ///
    /// [`update_with_backup`]: Self::update_with_backup
    pub fn reserve_for_sign_in(&mut self, now: Timestamp) -> Result<(), Error> {
        self.load_with_backup(Some(now))?;
        self.reserve_room()
    }

    fn reserve_room(&mut self) -> Result<(), Error> {
        // It has the name of the next one.
        self.reserved = None;
        self.reserved = self.backend.reserve(&mut self.snapshot)?;
        Ok(())
    }

    /// Puts a document, durably, in the place of the one that was [loaded](Self::load) last: when
    /// this returns, it survives a power loss.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] when another program, one that takes no lock, has written, or removed, the
    /// document since: load it again, and decide. Or any other [`Error`]; only after
    /// [`Error::NotDurable`] is the new document in place. What was [reserved](Self::reserve) is used,
    /// and stays for another try where it can.
    pub fn commit(&mut self, document: &AuthDocument) -> Result<(), Error> {
        self.put(document).map(drop)
    }

    /// Writes what a refresh brought where the spent token is still stored, and nothing where another
    /// program has put something else in its place.
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

    /// A disk that refused may take it the second time, and there is nothing else to do with tokens
    /// whose predecessors are spent.
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

    /// Finds out whether a removal could work, before something is given up for it.
    ///
    /// # Errors
    ///
    /// Like [`remove`](Self::remove).
    pub fn check_removable(&self) -> Result<(), Error> {
        self.backend.check_removable()
    }

    /// Removes the document, readable or not, durably. False where there was none.
    ///
    /// # Errors
    ///
    /// What is wrong with the place; the document may then still be there. A corrupt file behind a
    /// symbolic link is not removed: it may well be something else than an `auth.json`.
    pub fn remove(&mut self) -> Result<bool, Error> {
        let was_there = self.backend.remove()?;
        self.snapshot = Snapshot::nothing();
        Ok(was_there)
    }

    /// Changes the document like [`AuthStore::update_with_backup`](crate::AuthStore::update_with_backup),
    /// for whoever holds the locks already.
    ///
    /// # Errors
    ///
    /// Like there.
    pub fn update_with_backup<T>(
        &mut self,
        now: Timestamp,
        change: impl FnMut(&mut AuthDocument) -> T,
    ) -> Result<(T, Option<PathBuf>), Error> {
        self.change(Some(now), change)
    }

    /// Loads, changes and commits, and again where another program wrote meanwhile. With a time, a file
    /// that cannot be read is set aside.
    pub(crate) fn change<T>(
        &mut self,
        back_up: Option<Timestamp>,
        mut change: impl FnMut(&mut AuthDocument) -> T,
    ) -> Result<(T, Option<PathBuf>), Error> {
        for _ in 1..ATTEMPTS {
            match self.change_once(back_up, &mut change) {
                Err(Error::Changed { .. }) => {}
                other => return other,
            }
        }
        self.change_once(back_up, &mut change)
    }

    fn change_once<T>(
        &mut self,
        back_up: Option<Timestamp>,
        change: &mut impl FnMut(&mut AuthDocument) -> T,
    ) -> Result<(T, Option<PathBuf>), Error> {
        let mut document = self.load_with_backup(back_up)?;
        let outcome = change(&mut document);
        Ok((outcome, self.put(&document)?))
    }

    /// Loads. With a time, what cannot be read is copied, and taken for nothing.
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

    /// Writes the document where the one was that was seen, and keeps the copy of that one.
    fn put(&mut self, document: &AuthDocument) -> Result<Option<PathBuf>, Error> {
        let bytes = format::serialize(document).map_err(|source| self.backend.refused(source))?;
        self.backend.replace(&mut self.snapshot, &mut self.reserved, bytes)?;
        let copy = self.copy.take().map(|mut copy| copy.keep());
        self.backend.flush()?;
        Ok(copy)
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
