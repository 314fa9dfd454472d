use std::error::Error as StdError;
use std::time::Duration;

use shared_file::Error as FileError;
use token_source::Holder;

use crate::{Location, ParseErrorKind};

/// The error of an external store, without anything of the entry.
pub type ExternalStoreError = Box<dyn StdError + Send + Sync>;

/// Why an operation of the store failed.
///
/// Unless a variant says otherwise, the stored sign-in is unchanged. No variant contains a part of the
/// file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file or its locks cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
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
    /// Another program changed the entry of the external store without taking the locks.
    #[error("{name} is being changed by another program")]
    Changed {
        /// Its display name.
        name: String,
    },
    /// A process of another machine kept its claim on the entry of the external store until the timeout.
    #[error(
        "{holder} has claimed the sign-in in {name}",
        holder = holder.as_ref().map_or("another process", |holder| &holder.name)
    )]
    Claimed {
        /// The display name of the store.
        name: String,
        /// The timeout.
        waited: Duration,
        /// That process, if the store knows it.
        holder: Option<Holder>,
    },
    /// The external store failed: it is locked, or not available.
    #[error("{name} cannot be used")]
    External {
        /// Its display name.
        name: String,
        /// Its error.
        source: ExternalStoreError,
    },
    /// The external store did not answer, or was stopped before that by a timeout or a cancellation. It may
    /// have stored the document.
    #[error("it is unknown whether the sign-in was stored in {name}")]
    MayBeStored {
        /// Its display name.
        name: String,
        /// Its error.
        source: ExternalStoreError,
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
            Self::File(error) => match error {
                FileError::NotWritable { .. } => ErrorKind::NotWritable,
                FileError::NotReplaced { .. } => ErrorKind::NotReplaced,
                FileError::NoLocks { .. } => ErrorKind::NoLocks,
                FileError::Locked { .. } => ErrorKind::Locked,
                FileError::Changed { .. } => ErrorKind::Changed,
                FileError::HalfWritten { .. } => ErrorKind::HalfWritten,
                FileError::NotAFile { .. } => ErrorKind::NotAFile,
                FileError::ForeignOwner { .. } | FileError::WorldWritable { .. } => {
                    ErrorKind::UnsafePlace
                }
                FileError::NotDurable { .. } => ErrorKind::NotDurable,
                _ => ErrorKind::Io,
            },
            Self::Corrupt { .. } | Self::TooLarge { .. } => ErrorKind::Unreadable,
            Self::WouldBeTooLarge { .. } => ErrorKind::TooLarge,
            Self::Changed { .. } => ErrorKind::Changed,
            Self::Claimed { .. } => ErrorKind::Locked,
            Self::External { .. } => ErrorKind::External,
            Self::MayBeStored { .. } => ErrorKind::MayBeStored,
        }
    }

    /// Whether the same call may work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), ErrorKind::Locked | ErrorKind::Changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::path::PathBuf;

    use shared_file::FileKind;

    fn path() -> PathBuf {
        PathBuf::from("auth.json")
    }

    fn source() -> io::Error {
        io::ErrorKind::Other.into()
    }

    #[test]
    fn kind_of_a_file_error_says_what_helps() {
        let waited = Duration::from_secs(1);
        for (error, kind) in [
            (FileError::NotWritable { path: path(), source: source() }, ErrorKind::NotWritable),
            (
                FileError::NotReplaced { path: path(), kept: path(), source: source() },
                ErrorKind::NotReplaced,
            ),
            (FileError::NoLocks { path: path() }, ErrorKind::NoLocks),
            (FileError::Locked { path: path(), waited, holder: None }, ErrorKind::Locked),
            (FileError::Changed { path: path() }, ErrorKind::Changed),
            (
                FileError::HalfWritten { path: path(), copy: path(), source: source() },
                ErrorKind::HalfWritten,
            ),
            (FileError::NotAFile { path: path(), found: FileKind::Folder }, ErrorKind::NotAFile),
            (FileError::ForeignOwner { path: path(), owner: 1 }, ErrorKind::UnsafePlace),
            (FileError::WorldWritable { path: path() }, ErrorKind::UnsafePlace),
            (FileError::NotDurable { path: path(), source: source() }, ErrorKind::NotDurable),
            (FileError::Io { path: path(), source: source() }, ErrorKind::Io),
        ] {
            let is_transient = error.is_transient();
            let error = Error::File(error);
            assert_eq!(error.kind(), kind);
            assert_eq!(error.is_transient(), is_transient, "{error:?}");
        }
    }

    #[test]
    fn kind_of_a_store_error_says_what_helps() {
        let (name, waited, holder) = (|| "a store".to_owned(), Duration::ZERO, None);
        let location = || Location::File(path());
        for (error, kind) in [
            (
                Error::TooLarge { location: location(), limit: 1, replaceable: true },
                ErrorKind::Unreadable,
            ),
            (Error::WouldBeTooLarge { location: location(), limit: 1 }, ErrorKind::TooLarge),
            (Error::Changed { name: name() }, ErrorKind::Changed),
            (Error::Claimed { name: name(), waited, holder }, ErrorKind::Locked),
            (Error::External { name: name(), source: "x".into() }, ErrorKind::External),
            (Error::MayBeStored { name: name(), source: "x".into() }, ErrorKind::MayBeStored),
        ] {
            assert_eq!(error.kind(), kind);
            let passes = matches!(kind, ErrorKind::Changed | ErrorKind::Locked);
            assert_eq!(error.is_transient(), passes, "{error:?}");
        }
    }
}
