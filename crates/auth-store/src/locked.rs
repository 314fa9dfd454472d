use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::file::Unkept;
use crate::keeper::Keeper;
use crate::lock::Lock;
use crate::place::Content;
use crate::{AuthDocument, Error, Location, format};

/// The stored sign-in, while no program that takes the locks can change it. They are given back when
/// this is dropped, also by the system, when this program dies.
///
/// A program that takes no lock can still write: a [commit](Self::commit) compares before it swaps.
pub struct Locked {
    keeper: Keeper,
    _locks: Vec<Lock>,
    /// What was read or written last. Before, it is nothing, and so a commit makes the first one.
    seen: Content,
}

impl Locked {
    pub(crate) fn new(keeper: Keeper, locks: Vec<Lock>) -> Self {
        Self { keeper, _locks: locks, seen: Content::Absent }
    }

    /// Where the document is, or will be.
    #[must_use]
    pub fn location(&self) -> Location {
        self.keeper.location()
    }

    /// Reads the document; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Like [`AuthStore::load`](crate::AuthStore::load).
    pub fn load(&mut self) -> Result<Option<AuthDocument>, Error> {
        self.seen = self.keeper.read()?;
        self.keeper.document(&self.seen)
    }

    /// Finds out whether a commit could work, before something is spent for it.
    ///
    /// # Errors
    ///
    /// Like [`AuthStore::check_writable`](crate::AuthStore::check_writable).
    pub fn check_writable(&self) -> Result<(), Error> {
        self.keeper.check_writable()
    }

    /// Puts a document, durably, in the place of the one that was [loaded](Self::load) last: when
    /// this returns, it survives a power loss.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] when another program, one that takes no lock, has written, or removed, the
    /// document since: load it again, and decide. Or any other [`Error`]; only after
    /// [`Error::NotDurable`] is the new document in place.
    pub fn commit(&mut self, document: &AuthDocument) -> Result<(), Error> {
        let (written, _) = put(&self.keeper, &self.seen, document, None)?;
        self.seen = written;
        Ok(())
    }

    pub(crate) fn check_savable(&self) -> Result<(), Error> {
        self.keeper.check_savable()
    }

    /// Finds out whether a removal could work, before something is given up for it.
    ///
    /// # Errors
    ///
    /// Like [`remove`](Self::remove).
    pub fn check_removable(&self) -> Result<(), Error> {
        self.keeper.check_removable()
    }

    /// Removes the document, readable or not, durably. False where there was none.
    ///
    /// # Errors
    ///
    /// What is wrong with the place; the document may then still be there. A corrupt file behind a
    /// symbolic link is not removed: it may well be something else than an `auth.json`.
    pub fn remove(&mut self) -> Result<bool, Error> {
        let was_there = self.keeper.remove()?;
        self.seen = Content::Absent;
        Ok(was_there)
    }

    /// Loads, changes and commits. With a time, a file that cannot be read is set aside.
    pub(crate) fn change<T>(
        &mut self,
        set_aside: Option<Timestamp>,
        change: &mut impl FnMut(&mut AuthDocument) -> T,
    ) -> Result<(T, Option<PathBuf>), Error> {
        let loaded = self.load();
        let (mut document, copy) = match (loaded, set_aside.zip(self.keeper.to_set_aside())) {
            (Err(Error::Corrupt { .. } | Error::TooLarge { .. }), Some((now, place))) => {
                (AuthDocument::default(), Some(crate::file::set_aside(place, now)?))
            }
            (other, _) => (other?.unwrap_or_default(), None),
        };
        let outcome = change(&mut document);
        let (written, copy) = put(&self.keeper, &self.seen, &document, copy)?;
        self.seen = written;
        Ok((outcome, copy))
    }
}

impl fmt::Debug for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked").field("location", &self.location()).finish_non_exhaustive()
    }
}

/// Writes the document where `seen` was, and keeps the copy that was made of an unreadable one.
fn put(
    keeper: &Keeper,
    seen: &Content,
    document: &AuthDocument,
    copy: Option<Unkept<'_>>,
) -> Result<(Content, Option<PathBuf>), Error> {
    let bytes = format::serialize(document).map_err(|source| keeper.refused(source))?;
    keeper.replace(seen, &bytes)?;
    let copy = copy.map(Unkept::keep);
    keeper.flush()?;
    Ok((Content::Bytes(bytes), copy))
}
