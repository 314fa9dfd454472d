use std::ffi::OsStr;
use std::io::{self, Write as _};

use crate::file::TEMPORARY;
use crate::folder::{Entry, Folder, Kind, remove_if_there};
use crate::mount::BACKUP;
use crate::new_file::clear;
use crate::place::Place;
use crate::{Error, Found};

/// Whether a rename may replace the file. Its mode does not matter for that; that it was made
/// immutable, or was mounted read-only, does.
pub(crate) fn replaceable(place: &Place) -> Result<(), Error> {
    let refused = |source| Error::NotWritable { path: place.path(), source };
    if place.is_mount() {
        // It is written in its place.
        place.folder().may_write(place.name()).map_err(refused)?;
    }
    place.folder().may_replace(place.name()).map_err(refused)
}

/// Whether files can come and go beside it.
pub(crate) fn addable(place: &Place) -> Result<(), Error> {
    let folder = place.folder();
    let refused = |source| Error::NotWritable { path: folder.path().to_owned(), source };
    folder.may_add().map_err(refused)
}

/// Whether the file could be unlinked, where there is one.
pub(crate) fn removable(place: &Place) -> Result<(), Error> {
    if !place.is_there()? {
        return Ok(());
    }
    replaceable(place)?;
    addable(place)
}

/// Whether the lock file can be opened for writing, or made where there is none.
pub(crate) fn lockable(folder: &Folder, name: &OsStr) -> Result<(), Error> {
    let path = folder.path().join(name);
    let refused = |path| |source| Error::NotWritable { path, source };
    match folder.entry(name).map_err(refused(path.clone()))? {
        None => folder.may_add().map_err(refused(folder.path().to_owned())),
        Some(entry) if entry.kind != Kind::File => {
            Err(Error::NotAFile { path, found: entry.kind.found() })
        }
        Some(entry) => match entry.untrusted_owner() {
            Some(owner) => Err(Error::ForeignOwner { path, owner }),
            None => folder.may_write(name).map_err(refused(path)),
        },
    }
}

/// Finds out whether a file of the size of a sign-in could be made, and leaves nothing behind. It
/// is not flushed, which would cost more than all that happens before the browser opens: a full
/// disk says so at the write already.
pub(crate) fn room(place: &Place) -> Result<(), Error> {
    let (folder, name) = (place.folder(), place.beside(".login-cli.probe"));
    not_in_the_way(folder, &place.beside(TEMPORARY))?;
    if place.is_mount() {
        not_in_the_way(folder, &place.beside(BACKUP))?;
    }
    clear(folder, &name)?;
    let written = match folder.create_file_like(&name, place.name()) {
        // Another program asks the same question at this moment, and has its answer.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        file => file.and_then(|mut file| file.write_all(&[0; SIZE])),
    };
    let refused = |source| Error::NotWritable { path: folder.path().to_owned(), source };
    written.and(remove_if_there(folder, &name)).map_err(refused)
}

/// A folder of that name cannot be removed as a file can, nor can another user's file in a sticky folder.
fn not_in_the_way(folder: &Folder, name: &OsStr) -> Result<(), Error> {
    let path = || folder.path().join(name);
    match folder.entry(name) {
        Ok(Some(Entry { kind: Kind::Other(found @ Found::Folder), .. })) => {
            Err(Error::NotAFile { path: path(), found })
        }
        Ok(Some(_)) => {
            folder.may_replace(name).map_err(|source| Error::NotWritable { path: path(), source })
        }
        _ => Ok(()),
    }
}

/// More than any sign-in takes.
const SIZE: usize = 16 * 1024;
