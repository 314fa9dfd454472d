use std::ffi::OsStr;
use std::io::{self, Write as _};

use crate::file::TEMPORARY;
use crate::file_location::FileLocation;
use crate::folder::{Entry, Folder, remove_if_there};
use crate::mount::BACKUP;
use crate::temp_file::clear;
use crate::{Error, FileKind};

/// Checks that a rename could replace the file. Its mode does not matter; the immutable flag and a
/// read-only mount do.
pub(crate) fn check_replaceable(location: &FileLocation) -> Result<(), Error> {
    let not_writable = |source| Error::NotWritable { path: location.path(), source };
    if location.is_mount() {
        // It is written in place.
        location.folder().may_write(location.name()).map_err(not_writable)?;
    }
    location.folder().may_replace(location.name()).map_err(not_writable)
}

/// Checks that files can be created and removed beside it.
pub(crate) fn check_can_create_files(location: &FileLocation) -> Result<(), Error> {
    let folder = location.folder();
    let not_writable = |source| Error::NotWritable { path: folder.path().to_owned(), source };
    folder.may_add().map_err(not_writable)
}

/// Checks that the file could be removed, if there is one.
pub(crate) fn check_removable(location: &FileLocation) -> Result<(), Error> {
    if !location.exists()? {
        return Ok(());
    }
    check_replaceable(location)?;
    check_can_create_files(location)
}

/// Checks that the lock file can be opened for writing, or created.
pub(crate) fn check_lockable(folder: &Folder, name: &OsStr) -> Result<(), Error> {
    let path = folder.path().join(name);
    let not_writable = |path| |source| Error::NotWritable { path, source };
    match folder.entry(name).map_err(not_writable(path.clone()))? {
        None => folder.may_add().map_err(not_writable(folder.path().to_owned())),
        Some(entry) if entry.kind != FileKind::File => {
            Err(Error::NotAFile { path, found: entry.kind })
        }
        Some(entry) => match entry.untrusted_owner() {
            Some(owner) => Err(Error::ForeignOwner { path, owner }),
            None => folder.may_write(name).map_err(not_writable(path)),
        },
    }
}

/// Checks that a file of the size of a sign-in can be written, and removes it. It is not flushed: a
/// full disk already fails the write, and a flush would cost more than everything else before the
/// browser opens.
pub(crate) fn check_space(location: &FileLocation) -> Result<(), Error> {
    let (folder, name) = (location.folder(), location.beside(".login-cli.probe"));
    not_in_the_way(folder, &location.beside(TEMPORARY))?;
    if location.is_mount() {
        not_in_the_way(folder, &location.beside(BACKUP))?;
    }
    clear(folder, &name)?;
    let written = match folder.create_file_like(&name, location.name()) {
        // Another process makes the same check now, and gets its answer.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        file => file.and_then(|mut file| file.write_all(&[0; SIZE])),
    };
    let not_writable = |source| Error::NotWritable { path: folder.path().to_owned(), source };
    written.and(remove_if_there(folder, &name)).map_err(not_writable)
}

/// A folder of that name cannot be removed like a file, nor can another user's file in a sticky folder.
fn not_in_the_way(folder: &Folder, name: &OsStr) -> Result<(), Error> {
    let path = || folder.path().join(name);
    match folder.entry(name) {
        Ok(Some(Entry { kind: found @ FileKind::Folder, .. })) => {
            Err(Error::NotAFile { path: path(), found })
        }
        Ok(Some(_)) => {
            folder.may_replace(name).map_err(|source| Error::NotWritable { path: path(), source })
        }
        _ => Ok(()),
    }
}

/// Larger than any sign-in.
const SIZE: usize = 16 * 1024;
