//! Whether a write could work, as far as permissions tell.

use std::ffi::OsStr;
use std::io;
use std::sync::Arc;

use crate::file_location::FileLocation;
use crate::folder::Folder;
use crate::temp_file::TempFile;
use crate::{Error, FileKind};

/// Checks that files can be created beside the file, and that it can be replaced. Its mode does not
/// matter for a rename; the immutable flag and a read-only mount do.
pub(crate) fn check_replaceable(location: &FileLocation) -> Result<(), Error> {
    let folder = location.folder();
    check_can_create_files(folder)?;
    if !location.exists()? {
        return Ok(());
    }
    let is_mount = location.is_mount();
    let may_write = if is_mount { folder.may_write(location.name()) } else { Ok(()) };
    let may_replace = may_write.and_then(|()| folder.may_replace(location.name()));
    may_replace.map_err(|source| location.not_writable(source))
}

fn check_can_create_files(folder: &Folder) -> Result<(), Error> {
    let not_writable = |source| Error::NotWritable { path: folder.path().to_owned(), source };
    folder.may_add().map_err(not_writable)
}

/// Checks that the lock file can be opened for writing, or created.
pub(crate) fn check_lockable(folder: &Folder, name: &OsStr) -> Result<(), Error> {
    let path = folder.path().join(name);
    let not_writable = |source| Error::NotWritable { path: path.clone(), source };
    match folder.entry(name).map_err(not_writable)? {
        None => check_can_create_files(folder),
        Some(entry) => match entry.untrusted_owner() {
            _ if entry.kind != FileKind::File => Err(Error::NotAFile { path, found: entry.kind }),
            Some(owner) => Err(Error::ForeignOwner { path, owner }),
            None => folder.may_write(name).map_err(not_writable),
        },
    }
}

/// Checks that a small file can be written, and removes it. It is not flushed: a full disk already fails
/// the write, and a flush would cost more than everything else.
pub(crate) fn check_space(location: &Arc<FileLocation>) -> Result<(), Error> {
    for name in [location.temporary(), location.backup()] {
        check_temporary_name(location.folder(), &name)?;
    }
    match TempFile::replace(location, location.probe()) {
        // Another process makes the same check now, and gets its answer.
        Err(Error::NotWritable { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
            Ok(())
        }
        probe => probe?.write_unflushed(&[0; SIZE]),
    }
}

/// Checks that nothing is at the name of a temporary file that this program cannot remove: a folder, or, in a
/// folder such as `/tmp`, a file of another user, also of root.
fn check_temporary_name(folder: &Folder, name: &OsStr) -> Result<(), Error> {
    let path = folder.path().join(name);
    let entry = folder.entry(name).ok().flatten();
    match entry.map(|entry| (entry.kind, entry.foreign_owner)) {
        Some((found @ FileKind::Folder, _)) => Err(Error::NotAFile { path, found }),
        Some((_, Some(owner))) if folder.may_replace(name).is_err() => {
            Err(Error::ForeignOwner { path, owner })
        }
        _ => Ok(()),
    }
}

/// Larger than most files that programs share.
const SIZE: usize = 16 * 1024;
