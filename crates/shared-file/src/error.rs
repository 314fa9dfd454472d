use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::{FileKind, LockHolder};

/// Why an operation failed.
///
/// Unless a variant says otherwise, the file is unchanged. No variant contains a part of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be written: no permission, or a full or read-only disk.
    #[error("cannot write {path}", path = path.display())]
    NotWritable {
        /// The file or folder that could not be written.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The new content is complete but could not be renamed over the old one. It is kept beside the old
    /// one, and the next process that takes the locks tries again.
    #[error("cannot replace {path}; the new content is in {kept}", path = path.display(), kept = kept.display())]
    NotReplaced {
        /// The file to replace.
        path: PathBuf,
        /// Where the new content is.
        kept: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Another program held a lock until the timeout. Try again later.
    #[error(
        "{path} was locked by {holder} for {waited} s",
        path = path.display(),
        holder = holder.as_ref().map_or("another program".to_owned(), LockHolder::to_string),
        waited = waited.as_secs()
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long this process waited.
        waited: Duration,
        /// The program that holds the lock, if the system tells.
        holder: Option<LockHolder>,
    },
    /// The file system has no file locks.
    #[error("the file system of {path} has no file locks", path = path.display())]
    NoLocks {
        /// The lock file.
        path: PathBuf,
    },
    /// Another program changed the file without taking the locks. Read it again.
    #[error("{path} is being changed by another program", path = path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file is a mount of its own, and writing it in place failed halfway. The copy has the old
    /// content.
    #[error("{path} was written only in part; the old content is in {copy}", path = path.display(), copy = copy.display())]
    HalfWritten {
        /// The file.
        path: PathBuf,
        /// The copy.
        copy: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// There is something other than a regular file, or a link that is not followed. It is left alone.
    #[error("{path} is {found}", path = path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        found: FileKind,
    },
    /// A file, folder or link belongs to another user, who could read or replace new content. Reading
    /// is allowed.
    #[error("{path} belongs to another user (uid {owner})", path = path.display())]
    ForeignOwner {
        /// The file or folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Every user may replace files in the folder. Reading is allowed.
    #[error("every user can write to the folder {path}", path = path.display())]
    WorldWritable {
        /// The folder.
        path: PathBuf,
    },
    /// The new content is stored but may not survive a power loss: the folder could not be flushed.
    #[error("{path} is written, but may not survive a power loss", path = path.display())]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Another error of the system.
    #[error("cannot access {path}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

impl Error {
    /// Whether the same call may work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::Changed { .. })
    }

    /// Whether a file or folder has disappeared.
    pub(crate) fn is_not_found(&self) -> bool {
        let (Self::Io { source, .. } | Self::NotWritable { source, .. }) = self else {
            return false;
        };
        source.kind() == io::ErrorKind::NotFound
    }
}
