use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::folder::{Folder, remove_if_there};
use crate::place::{Content, Place};
use crate::{Error, Location};

/// A new file that is removed again unless it is kept.
pub(crate) struct Unkept<'a> {
    folder: &'a Folder,
    name: OsString,
    kept: bool,
}

impl<'a> Unkept<'a> {
    /// Makes a file that must not be there yet, lets `fill` write it, and flushes it to the disk. A
    /// flush that failed is not tried again: the system forgets what it could not write.
    pub(crate) fn create(
        folder: &'a Folder,
        name: OsString,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<Self, Error> {
        let path = folder.path().join(&name);
        let refused = |source| Error::NotWritable { path: path.clone(), source };
        let mut file = folder.create_file(&name).map_err(refused)?;
        let unkept = Self { folder, name, kept: false };
        fill(&mut file).and_then(|()| file.sync_all()).map_err(refused)?;
        Ok(unkept)
    }

    /// Keeps the file, and says where it is.
    pub(crate) fn keep(mut self) -> PathBuf {
        self.kept = true;
        self.folder.path().join(&self.name)
    }

    fn rename(mut self, to: &OsStr) -> io::Result<()> {
        self.folder.rename(&self.name, to)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Unkept<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        if let Err(error) = remove_if_there(self.folder, &self.name) {
            let path = self.folder.path().join(&self.name);
            tracing::debug!(path = %path.display(), %error, "a file is left behind");
        }
    }
}

/// The one name of a file that is being written.
const TEMPORARY: &str = ".login-cli.tmp";

/// What a file held that has to be written in its place.
const BACKUP: &str = ".bak";

/// Puts `bytes` in the place of the content that was read, under the locks. [`flush_name`] makes it
/// last.
///
/// The temporary file has one fixed name beside the file: what a writer that died has left is
/// recognized and removed, and a rename never crosses file systems.
pub(crate) fn replace(place: &Place, read: &Content, bytes: &[u8]) -> Result<(), Error> {
    let temporary = place.beside(TEMPORARY);
    let refused = |source| Error::NotWritable { path: place.path(), source };
    remove_if_there(place.folder(), &temporary).map_err(refused)?;
    let new = Unkept::create(place.folder(), temporary, |file| file.write_all(bytes))?;
    if place.read()? != *read {
        return Err(Error::Changed { location: Location::File(place.path()) });
    }
    match new.rename(place.name()) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => in_place(place, bytes),
        other => other.map_err(refused),
    }
}

/// Writes into the file itself, which a container may have as a mount of its own: nothing can be
/// renamed over that. What it holds is copied first, to `auth.json.bak` with mode 0600, and the copy
/// stays until the new document is on the disk.
fn in_place(place: &Place, bytes: &[u8]) -> Result<(), Error> {
    let name = place.beside(BACKUP);
    let path = place.path();
    let refused = |source| Error::NotWritable { path: path.clone(), source };
    remove_if_there(place.folder(), &name).map_err(refused)?;
    let copy = Unkept::create(place.folder(), name, |copy| copy_of(place, copy))?;
    flush_name(place)?;
    let mut file = place.folder().open_for_writing(place.name()).map_err(refused)?;
    let length = bytes.len() as u64;
    let written = file.write_all(bytes).and_then(|()| file.set_len(length));
    let halfway = |source| Error::HalfWritten { path: path.clone(), copy: copy.keep(), source };
    written.and_then(|()| file.sync_all()).map_err(halfway)?;
    tracing::debug!(path = %path.display(), "a file that is a mount was written in its place");
    Ok(())
}

/// Removes the file, and what a writer that died may have left beside it. A link that led to it stays,
/// for the next sign-in. A file that is a mount of its own cannot go; it becomes an empty document.
pub(crate) fn remove(place: &Place) -> Result<bool, Error> {
    let refused = |source| Error::NotWritable { path: place.path(), source };
    let was_there = place.is_there()?;
    match remove_if_there(place.folder(), place.name()) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => in_place(place, b"{}")?,
        other => other.map_err(refused)?,
    }
    for name in [TEMPORARY, BACKUP] {
        remove_if_there(place.folder(), &place.beside(name)).map_err(refused)?;
    }
    flush_name(place)?;
    Ok(was_there)
}

/// Flushes the folder, so that the names in it survive a power loss.
pub(crate) fn flush_name(place: &Place) -> Result<(), Error> {
    let lost = |source| Error::NotDurable { path: place.path(), source };
    place.folder().sync().map_err(lost)
}

/// Copies the file, unreadable as it is, to a name with the time in it. A copy and not a rename,
/// so that the old file is in its place until the new one is.
pub(crate) fn set_aside(place: &Place, now: Timestamp) -> Result<Unkept<'_>, Error> {
    let name = place.beside(&format!(".corrupt-{}", format!("{now:.6}").replace(['-', ':'], "")));
    Unkept::create(place.folder(), name, |copy| copy_of(place, copy))
}

fn copy_of(place: &Place, copy: &mut File) -> io::Result<()> {
    match place.open() {
        Ok(Some(mut original)) => io::copy(&mut original, copy).map(drop),
        Ok(None) => Err(io::ErrorKind::NotFound.into()),
        Err(error) => Err(io::Error::other(error)),
    }
}
