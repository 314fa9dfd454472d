use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::{ExternalStoreError, Location, LockHolder};

/// Why the store could not do what it was asked to do.
///
/// Unless a variant says otherwise, the stored sign-in is what it was before. No variant holds
/// anything of the content of a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing can be stored here: a folder that cannot be made or written, a full or read-only
    /// disk. The person makes room, or chooses another folder.
    #[error("cannot write {path}", path = path.display())]
    NotWritable {
        /// The file or folder that could not be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The new document is whole, and the system would not put it in the place of the old one, whose refresh
    /// token may be spent. It stays beside it, and the next program to take the locks tries once more.
    #[error("cannot replace {path}; what is new is kept in {kept}", path = path.display(), kept = kept.display())]
    NotReplaced {
        /// The file that was to be replaced.
        path: PathBuf,
        /// Where the new document is.
        kept: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is there is not an `auth.json`. It was left alone; a new sign-in may replace
    /// it, see [`AuthStore::update_with_backup`](crate::AuthStore::update_with_backup).
    #[error(
        "{location}, line {line}, column {column}{field}: {problem}",
        field = field.as_ref().map(|name| format!(", field {name}")).unwrap_or_default()
    )]
    Corrupt {
        /// Where it is.
        location: Location,
        /// Where reading stopped, counted from 1.
        line: usize,
        /// Where in that line, in bytes, counted from 1; 0 is its very beginning.
        column: usize,
        /// The field, where one is at fault: known names with dots, `*` for a name that is not ours.
        field: Option<String>,
        /// What is wrong.
        problem: Problem,
        /// Whether a new sign-in takes its place, and keeps a copy.
        replaceable: bool,
    },
    /// The file is there and larger than any `auth.json` is. It was not read.
    #[error("{location} is larger than {limit} bytes")]
    TooLarge {
        /// Where it is.
        location: Location,
        /// The most that is read.
        limit: u64,
        /// Whether a new sign-in takes its place, and keeps a copy.
        replaceable: bool,
    },
    /// What is to be saved would be larger than what is read, or might become so. The rest of the
    /// document, which is another program's, leaves no room for a sign-in.
    #[error("with a new sign-in {location} might be larger than {limit} bytes")]
    WouldBeTooLarge {
        /// Where it is.
        location: Location,
        /// The most that is read.
        limit: u64,
    },
    /// Another program held a lock all the time. Trying again later helps.
    #[error(
        "{path} was locked by {holder} for {waited} s",
        path = path.display(),
        holder = holder.as_ref().map_or("another program".to_owned(), LockHolder::to_string),
        waited = waited.as_secs()
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
        /// That program, where the system tells.
        holder: Option<LockHolder>,
    },
    /// The file system has no file locks, so that nothing can be spent there that only one program may
    /// spend. What can be replaced as a whole is, by comparison alone.
    #[error("the file system of {path} has no file locks", path = path.display())]
    NoLocks {
        /// The lock file.
        path: PathBuf,
    },
    /// Another program wrote while the document was being changed, without taking the locks.
    #[error("{location} is being changed by another program")]
    Changed {
        /// Where it is.
        location: Location,
    },
    /// The external store could not do it: it is locked, or absent.
    #[error("{name} cannot be used")]
    External {
        /// What people call it.
        name: String,
        /// What it said.
        source: ExternalStoreError,
    },
    /// The external store was stopped before it answered whether it has taken the document: its time was over, or the
    /// call was cancelled. It may have.
    #[error("the sign-in may be stored in {name}")]
    MayBeStored {
        /// What people call it.
        name: String,
        /// What it said.
        source: ExternalStoreError,
    },
    /// The file is a mount of its own, so it was written in its place, and that failed halfway. What
    /// it held before is in the copy.
    #[error("{path} was written only in part; what it held before is in {copy}", path = path.display(), copy = copy.display())]
    HalfWritten {
        /// The file.
        path: PathBuf,
        /// The copy.
        copy: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else than a plain file is in its place, or a link that is not followed. It is left
    /// for the person to remove.
    #[error("{path} is {found}", path = path.display())]
    NotAFile {
        /// What was looked at.
        path: PathBuf,
        /// What it is.
        found: FileKind,
    },
    /// A file, folder or link belongs to another user, who could read or replace what is written there.
    /// Reading it is fine.
    #[error("{path} belongs to another user (uid {owner})", path = path.display())]
    ForeignOwner {
        /// The file or folder.
        path: PathBuf,
        /// The user it belongs to.
        owner: u32,
    },
    /// A folder in which every user may replace the files of others. Reading there is fine.
    #[error("every user can write to the folder {path}", path = path.display())]
    WorldWritable {
        /// The folder.
        path: PathBuf,
    },
    /// The new document is in place, but may not survive a power loss: the system would not flush
    /// the folder.
    #[error("{path} is written, but may not survive a power loss", path = path.display())]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused something else.
    #[error("cannot {operation} {path}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        operation: Operation,
        /// What the system said.
        source: io::Error,
    },
}

/// What kind of [`Error`] it is, by what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no room, or no permission, to write.
    NotWritable,
    /// The new document is kept beside the old one.
    NotReplaced,
    /// What is stored cannot be read.
    Unreadable,
    /// There is no room for a sign-in in the document.
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
    /// The system refused something else.
    Io,
}

impl Error {
    /// What kind of error it is.
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

    /// Whether the same may work later, when another program is done.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), ErrorKind::Locked | ErrorKind::Changed)
    }

    /// Whether a file or folder went that had just been there.
    pub(crate) fn is_not_found(&self) -> bool {
        let (Self::Io { source, .. } | Self::NotWritable { source, .. }) = self else {
            return false;
        };
        source.kind() == io::ErrorKind::NotFound
    }
}

/// What is wrong with a file that is not an `auth.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It begins with a byte-order mark.
    ByteOrderMark,
    /// It is not UTF-8.
    Encoding,
    /// It ends too early.
    Truncated,
    /// It has a comment, which JSON has not.
    Comment,
    /// It has a comma with nothing behind it, which JSON has not.
    TrailingComma,
    /// It has two values without a comma between them.
    MissingComma,
    /// It is not JSON.
    Syntax,
    /// A key occurs twice in one object.
    DuplicateKey,
    /// A field that this program reads has a value of the wrong type or form.
    Shape,
    /// Nobody is signed in, but another program keeps a secret in this field.
    Misplaced,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "it begins with a byte-order mark",
            Self::Encoding => "it is not UTF-8",
            Self::Truncated => "it ends too early",
            Self::Comment => "JSON has no comments",
            Self::TrailingComma => "one comma too many before this",
            Self::MissingComma => "a comma is missing before this",
            Self::Syntax => "it is not JSON",
            Self::DuplicateKey => "the key occurs twice",
            Self::Shape => "the value has the wrong type or form",
            Self::Misplaced => "another program keeps its sign-in like this",
        })
    }
}

/// What is where a plain file should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A folder; container tools make one when they mount a file that is not there.
    Folder,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device.
    Device,
    /// A symbolic link that leads to no folder, in a circle, or to what is open in some process.
    BrokenLink,
    /// Something that this program knows no name for.
    Other,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "a folder",
            Self::Fifo => "a named pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
            Self::BrokenLink => "a symbolic link that leads nowhere",
            Self::Other => "not a plain file",
        })
    }
}

/// What the store was doing when the system refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Opening, or looking at, a file or folder.
    Open,
    /// Reading a file.
    Read,
    /// Locking a lock file.
    Lock,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Lock => "lock",
        })
    }
}
