use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::{FileKind, Location, LockHolder, ParseErrorKind};

/// The error of an external store, without anything of the entry.
pub type ExternalStoreError = Box<dyn StdError + Send + Sync>;

/// Why an operation of the store failed.
///
/// Unless a variant says otherwise, the stored sign-in is unchanged. No variant contains a part of the
/// file.
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
    /// The new document is complete but could not be renamed over the old one, whose refresh token may
    /// be used up. It is kept beside the old one, and the next process that takes the locks tries
    /// again.
    #[error("cannot replace {path}; the new content is in {kept}", path = path.display(), kept = kept.display())]
    NotReplaced {
        /// The file to replace.
        path: PathBuf,
        /// Where the new document is.
        kept: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The stored text is not an `auth.json`. It is unchanged; a new sign-in may replace it, see
    /// [`LockedStore::update_with_backup`](crate::LockedStore::update_with_backup).
    #[error(
        "{location}, line {line}, column {column}{field}: {kind}",
        field = field.as_ref().map(|name| format!(", field {name}")).unwrap_or_default()
    )]
    Corrupt {
        /// Where it is.
        location: Location,
        /// The line of the error, from 1.
        line: usize,
        /// The byte in that line, from 1; 0 is before the first one.
        column: usize,
        /// The path of the field, if a field has a wrong value.
        field: Option<String>,
        /// What is wrong.
        kind: ParseErrorKind,
        /// Whether a new sign-in replaces it and keeps a copy.
        replaceable: bool,
    },
    /// The file is larger than any `auth.json`. It was not read.
    #[error("{location} is larger than {limit} bytes")]
    TooLarge {
        /// Where it is.
        location: Location,
        /// The size limit in bytes.
        limit: u64,
        /// Whether a new sign-in replaces it and keeps a copy.
        replaceable: bool,
    },
    /// The new document could exceed the size limit, because of the fields of other programs in it.
    #[error("with a new sign-in {location} could be larger than {limit} bytes")]
    WouldBeTooLarge {
        /// Where it is.
        location: Location,
        /// The size limit in bytes.
        limit: u64,
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
    /// The file system has no file locks, so no refresh token can be used there safely. A new sign-in
    /// can still be stored.
    #[error("the file system of {path} has no file locks", path = path.display())]
    NoLocks {
        /// The lock file.
        path: PathBuf,
    },
    /// Another program changed the document without taking the locks.
    #[error("{location} is being changed by another program")]
    Changed {
        /// Where it is.
        location: Location,
    },
    /// The external store failed: it is locked, or not available.
    #[error("{name} cannot be used")]
    External {
        /// Its display name.
        name: String,
        /// Its error.
        source: ExternalStoreError,
    },
    /// The external store was stopped before it answered, by a timeout or a cancellation. It may have
    /// stored the document.
    #[error("the sign-in may be stored in {name}")]
    MayBeStored {
        /// Its display name.
        name: String,
        /// Its error.
        source: ExternalStoreError,
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
    /// There is something else than a regular file, or a link that is not followed. It is left alone.
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
    /// The new document is stored but may not survive a power loss: the folder could not be flushed.
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

/// The kind of an [`Error`], by what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no space or no permission to write.
    NotWritable,
    /// The new document is kept beside the old one.
    NotReplaced,
    /// The stored document cannot be read.
    Unreadable,
    /// The document has no room for a sign-in.
    TooLarge,
    /// The file system has no locks.
    NoLocks,
    /// Another program holds a lock.
    Locked,
    /// Another program writes without a lock.
    Changed,
    /// The external store cannot be used.
    External,
    /// The external store may have stored the document.
    MayBeStored,
    /// The file was written only in part.
    HalfWritten,
    /// Something else is in the place of the file.
    NotAFile,
    /// Another user could read or replace the file.
    UnsafePlace,
    /// The document may not survive a power loss.
    NotDurable,
    /// Another error of the system.
    Io,
}

impl Error {
    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotWritable { .. } => ErrorKind::NotWritable,
            Self::NotReplaced { .. } => ErrorKind::NotReplaced,
            Self::Corrupt { .. } | Self::TooLarge { .. } => ErrorKind::Unreadable,
            Self::WouldBeTooLarge { .. } => ErrorKind::TooLarge,
            Self::NoLocks { .. } => ErrorKind::NoLocks,
            Self::Locked { .. } => ErrorKind::Locked,
            Self::Changed { .. } => ErrorKind::Changed,
            Self::External { .. } => ErrorKind::External,
            Self::MayBeStored { .. } => ErrorKind::MayBeStored,
            Self::HalfWritten { .. } => ErrorKind::HalfWritten,
            Self::NotAFile { .. } => ErrorKind::NotAFile,
            Self::ForeignOwner { .. } | Self::WorldWritable { .. } => ErrorKind::UnsafePlace,
            Self::NotDurable { .. } => ErrorKind::NotDurable,
            Self::Io { .. } => ErrorKind::Io,
        }
    }

    /// Whether the same call may work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), ErrorKind::Locked | ErrorKind::Changed)
    }

    /// Whether a file or folder has disappeared.
    pub(crate) fn is_not_found(&self) -> bool {
        let (Self::Io { source, .. } | Self::NotWritable { source, .. }) = self else {
            return false;
        };
        source.kind() == io::ErrorKind::NotFound
    }
}
