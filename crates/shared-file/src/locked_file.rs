use std::fmt;
use std::mem::take;
use std::path::PathBuf;
use std::sync::Arc;

use crate::file_location::{Content, FileLocation};
use crate::interrupted::finish_interrupted;
use crate::lock::Locks;
use crate::replace::{remove, replace};
use crate::reservation::Reservation;
use crate::snapshot::Snapshot;
use crate::temp_file::TempFile;
use crate::{Error, check};

/// A [`SharedFile`](crate::SharedFile) under its locks, which are released on drop, and by the system if
/// the process dies.
pub struct LockedFile {
    location: Arc<FileLocation>,
    /// What was last read or written.
    snapshot: Snapshot,
    /// The reservation for the next write. It is released before the locks.
    reservation: Option<Reservation>,
    /// The copy of content that is about to be replaced.
    copy: Option<TempFile>,
    locks: Locks,
}

impl LockedFile {
    pub(crate) fn new(location: Arc<FileLocation>, locks: Locks) -> Self {
        Self { location, snapshot: Snapshot::default(), reservation: None, copy: None, locks }
    }

    /// The path of the file, after links.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.location.path()
    }

    /// Whether the file is behind a symbolic link.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.location.is_linked()
    }

    /// Checks that the locks are held.
    ///
    /// # Errors
    ///
    /// [`Error::NoLocks`] if the file system has none.
    pub fn check_locks(&self) -> Result<(), Error> {
        self.locks.check()
    }

    /// Like [`SharedFile::read`](crate::SharedFile::read). Finishes an interrupted write first.
    ///
    /// # Errors
    ///
    /// Any [`Error`], or that of `parse`. After an error of `parse` the file can be replaced.
    pub fn read<T, E: From<Error>>(
        &mut self,
        parse: impl Fn(&[u8]) -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        // A reservation has the same file name.
        if self.reservation.is_none() {
            finish_interrupted(&self.location)?;
        }
        // The old one is closed first, which frees its descriptor.
        let before = take(&mut self.snapshot).content;
        let (snapshot, parsed) = Snapshot::read_complete(&self.location, parse);
        self.snapshot = snapshot;
        if self.snapshot.content != before {
            self.copy = None;
        }
        parsed
    }

    /// What was last read or written; `None` if there was no file.
    #[must_use]
    pub fn content(&self) -> Option<&[u8]> {
        self.snapshot.content.as_ref().map(|content| content.as_slice())
    }

    /// Makes sure that the next [`replace`](Self::replace) can work with content of this many bytes:
    /// reserves space on the disk, in an open file. The write needs no more space or descriptors. The
    /// reservation ends on drop.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn reserve(&mut self, length: u64) -> Result<(), Error> {
        // It has the same file name as the next one.
        self.reservation = None;
        check::check_replaceable(&self.location)?;
        self.reservation = Some(Reservation::with_room(&self.location, length)?);
        Ok(())
    }

    /// Copies the file to `NAME` with this suffix, unless that was done since it was read. The copy is
    /// removed again if the file is not replaced. It is not a rename, so that the old file stays until
    /// the new one replaces it.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn back_up(&mut self, suffix: &str) -> Result<(), Error> {
        if self.copy.is_none() {
            self.copy = Some(TempFile::copy_of(&self.location, suffix)?);
        }
        Ok(())
    }

    /// Replaces what was [read](Self::read), durably: when this returns, the new content survives a power
    /// loss. Returns the path of the [copy](Self::back_up).
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] if another program, which takes no locks, has written or removed the file
    /// since: read it again. Only after [`Error::NotDurable`] is the new content stored. The
    /// [reservation](Self::reserve) is used up, and kept for another attempt if possible.
    pub fn replace(&mut self, content: Content) -> Result<Option<PathBuf>, Error> {
        let stored = replace(&self.location, &mut self.snapshot, &mut self.reservation, content);
        let copy = match &stored {
            Ok(()) | Err(Error::NotDurable { .. }) => self.copy.take().map(|mut copy| copy.keep()),
            Err(_) => None,
        };
        stored.map(|()| copy)
    }

    /// Checks that the file could be replaced or removed, as far as permissions tell.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn check_removable(&self) -> Result<(), Error> {
        match self.location.exists()? {
            true => check::check_replaceable(&self.location),
            false => Ok(()),
        }
    }

    /// Removes the file and what killed processes have left, durably. A link to the file stays. A file
    /// that is a mount cannot be removed: it becomes `emptied`. False if there was none.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; the file may then still be there.
    pub fn remove(&mut self, emptied: &[u8]) -> Result<bool, Error> {
        self.reservation = None;
        let was_there = remove(&self.location, emptied)?;
        self.snapshot = Snapshot::default();
        Ok(was_there)
    }
}

impl fmt::Debug for LockedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockedFile").field("path", &self.path()).finish_non_exhaustive()
    }
}
