//! A folder as one handle: whatever happens to the path meanwhile, every step of a save happens in
//! the same folder. Names are single components.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

use std::ffi::OsStr;
use std::io;
use std::path::Path;

#[cfg(not(unix))]
pub(crate) use portable::{Folder, make_private};
#[cfg(unix)]
pub(crate) use unix::{Folder, make_private};

use crate::{Error, Found, Operation};

/// What stands under a name.
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// The user it belongs to, where that is not the one who runs this program.
    pub(crate) foreign_owner: Option<u32>,
    pub(crate) world_writable: bool,
    /// Whether users other than the owner may read it.
    pub(crate) shared: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Link,
    Other(Found),
}

impl Kind {
    /// Its name in an error, where no link is followed and a plain file is not expected.
    pub(crate) fn found(self) -> Found {
        match self {
            Self::Other(found) => found,
            Self::File | Self::Link => Found::Other,
        }
    }
}

/// Opens a folder that others cannot write to; `None` where there is none.
pub(crate) fn open(path: &Path) -> Result<Option<Folder>, Error> {
    match Folder::open(path) {
        Ok(folder) => judge(folder).map(Some),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io { path: path.to_owned(), operation: Operation::Open, source }),
    }
}

/// Opens a folder that others cannot write to, made with mode 0700, like the folders above it, where
/// there is none.
pub(crate) fn open_or_make(path: &Path) -> Result<Folder, Error> {
    let refused = |source| Error::NotWritable { path: path.to_owned(), source };
    match Folder::open(path) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            make_with_parents(path).map_err(refused)?;
            Folder::open(path).map_err(refused).and_then(judge)
        }
        other => other.map_err(refused).and_then(judge),
    }
}

/// Finds out whether a folder that is not there could be made, as far as the permissions of the folder
/// above it tell.
pub(crate) fn check_makeable(path: &Path) -> Result<(), Error> {
    // A link that leads nowhere is in the way as well.
    let is_there = |folder: &&Path| folder.symlink_metadata().is_ok();
    let above = path.ancestors().find(is_there).unwrap_or(Path::new("."));
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

fn judge(folder: Folder) -> Result<Folder, Error> {
    let path = folder.path().to_owned();
    match folder.itself() {
        Err(source) => Err(Error::Io { path, operation: Operation::Open, source }),
        Ok(Entry { foreign_owner: Some(owner), .. }) => Err(Error::ForeignOwner { path, owner }),
        Ok(Entry { world_writable: true, .. }) => Err(Error::WorldWritable { path }),
        Ok(_) => Ok(folder),
    }
}

/// Removes what may be gone already.
pub(crate) fn remove_if_there(folder: &Folder, name: &OsStr) -> io::Result<()> {
    match folder.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
