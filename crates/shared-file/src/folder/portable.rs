use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;

use super::Entry;
use crate::FileKind;
use crate::sharing_violation::while_in_use;

/// A folder by its path, because std has no folder handles. Permissions come from the folder: a profile
/// folder on Windows belongs to its owner.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() {
            Ok(Self { path: path.to_owned() })
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn metadata(&self) -> io::Result<Entry> {
        Ok(Entry::from(&fs::metadata(&self.path)?))
    }

    pub(crate) fn entry(&self, name: &OsStr) -> io::Result<Option<Entry>> {
        match fs::symlink_metadata(self.path.join(name)) {
            Ok(metadata) => Ok(Some(Entry::from(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        File::open(self.path.join(name))
    }

    /// Single files cannot be mounts here.
    pub(crate) fn is_mount(&self, _: &OsStr) -> bool {
        false
    }

    pub(crate) fn open_for_writing(&self, name: &OsStr, _: u64) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.path.join(name))
    }

    pub(crate) fn create_file(&self, name: &OsStr, _: &OsStr) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.path.join(name))
    }

    pub(crate) fn disable_copy_on_write(&self, _: &File) {}

    /// Opens or creates the lock file. It is never removed: a process that waits for it would hold a
    /// lock on nothing.
    pub(crate) fn open_lock(&self, name: &OsStr) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.open(self.path.join(name))
    }

    pub(crate) fn is_locking_unsupported(error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::Unsupported
    }

    /// An open file cannot be removed here.
    pub(crate) fn names_file(&self, _: &OsStr, _: &File) -> io::Result<bool> {
        Ok(true)
    }

    pub(crate) fn may_write(&self, name: &OsStr) -> io::Result<()> {
        if fs::metadata(self.path.join(name))?.permissions().readonly() {
            Err(io::ErrorKind::PermissionDenied.into())
        } else {
            Ok(())
        }
    }

    /// Only an attempt would tell: the read-only attribute means nothing on a folder.
    pub(crate) fn may_add(&self) -> io::Result<()> {
        Ok(())
    }

    /// A rename does not replace a read-only file here.
    pub(crate) fn may_replace(&self, name: &OsStr) -> io::Result<()> {
        self.may_write(name)
    }

    pub(crate) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        while_in_use(|| fs::rename(self.path.join(from), self.path.join(to)), sleep)
    }

    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        while_in_use(|| fs::remove_file(self.path.join(name)), sleep)
    }

    /// Folders cannot be flushed here; the system journals names.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Entry {
    pub(crate) fn from_file(file: &File) -> io::Result<Self> {
        Ok(Self::from(&file.metadata()?))
    }
}

impl From<&fs::Metadata> for Entry {
    fn from(metadata: &fs::Metadata) -> Self {
        let kind = match metadata.file_type() {
            kind if kind.is_file() => FileKind::File,
            kind if kind.is_symlink() => FileKind::Link,
            kind if kind.is_dir() => FileKind::Folder,
            _ => FileKind::Other,
        };
        Self { kind, foreign_owner: None, world_writable: false, sticky: false, shared: false }
    }
}

/// There is no such user here.
pub(crate) fn runs_as_root() -> bool {
    false
}

/// A folder with the permissions of its parent.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}
