//! A folder as one handle: all steps of a write happen in the same folder, even if its path changes.
//! Names are single components.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

use std::ffi::OsStr;
use std::io;
use std::path::Path;

#[cfg(not(unix))]
pub(crate) use portable::{Folder, make_private, runs_as_root};
#[cfg(unix)]
pub(crate) use unix::{Folder, make_private, runs_as_root};

use crate::{Error, FileKind};

/// The metadata of a file.
pub(crate) struct Entry {
    pub(crate) kind: FileKind,
    /// The owner, unless it is the user of this process.
    pub(crate) foreign_owner: Option<u32>,
    pub(crate) world_writable: bool,
    /// Of a folder: only the owner of a file may remove or replace it.
    pub(crate) sticky: bool,
    /// Whether other users may read it.
    pub(crate) shared: bool,
}

impl Entry {
    /// The owner, if not trusted: this user and root are, and root trusts everybody, because it can
    /// write to all files and leaves them to their owners.
    pub(crate) fn untrusted_owner(&self) -> Option<u32> {
        self.owner_but_root().filter(|_| !runs_as_root())
    }

    /// The owner, if neither this user nor root.
    pub(crate) fn owner_but_root(&self) -> Option<u32> {
        self.foreign_owner.filter(|&owner| owner != ROOT)
    }
}

const ROOT: u32 = 0;

/// Opens a folder for reading; `None` if there is none.
pub(crate) fn open(path: &Path) -> Result<Option<Folder>, Error> {
    match Folder::open(path) {
        Ok(folder) => Ok(Some(folder)),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io { path: path.to_owned(), source }),
    }
}

/// Opens a folder for writing, see [`check_trusted`]. A missing folder and its missing parents are
/// created with mode 0700.
pub(crate) fn open_or_make(path: &Path) -> Result<Folder, Error> {
    let opened = match Folder::open(path) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            make_with_parents(path).and_then(|()| Folder::open(path))
        }
        other => other,
    };
    let refused = |source| Error::NotWritable { path: path.to_owned(), source };
    let folder = opened.map_err(refused)?;
    check_trusted(&folder).map(|()| folder)
}

/// Checks that a missing folder could be created, as far as permissions tell.
pub(crate) fn check_makeable(path: &Path) -> Result<(), Error> {
    // A broken link is in the way as well.
    let exists = |folder: &&Path| folder.symlink_metadata().is_ok();
    let above = path.ancestors().find(exists).unwrap_or(Path::new("."));
    let may_add = Folder::open(above).and_then(|folder| folder.may_add());
    may_add.map_err(|source| Error::NotWritable { path: path.to_owned(), source })
}

fn make_with_parents(path: &Path) -> io::Result<()> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let folders: Vec<&Path> = path.ancestors().take_while(missing).collect();
    for folder in folders.into_iter().rev() {
        match make_private(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
    }
    Ok(())
}

/// Checks that no other user but root may replace a file in this folder. Where root owns a
/// world-writable folder, root has made it so, for example the empty volume of a pod.
pub(crate) fn check_trusted(folder: &Folder) -> Result<(), Error> {
    let path = folder.path().to_owned();
    let entry = match folder.metadata() {
        Ok(entry) => entry,
        Err(source) => return Err(Error::Io { path, source }),
    };
    let is_own = entry.foreign_owner.is_none() && !runs_as_root();
    match entry.untrusted_owner() {
        Some(owner) => Err(Error::ForeignOwner { path, owner }),
        None if is_own && entry.world_writable && !entry.sticky => {
            Err(Error::WorldWritable { path })
        }
        None => Ok(()),
    }
}

/// Removes a file that may be gone already.
pub(crate) fn remove_if_there(folder: &Folder, name: &OsStr) -> io::Result<()> {
    match folder.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
