use std::io;
use std::path::PathBuf;

use super::KeyId;

/// Why a document cannot be sealed or opened, or why a key file cannot be used.
///
/// No variant contains a part of a key or of a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// There is no key: no file, or a file without a key. Create one, or copy that of another machine.
    #[error("there is no key in {path}", path = path.display())]
    NoKey {
        /// The key file.
        path: PathBuf,
    },
    /// The document is sealed with a key that this machine does not have.
    #[error("the sign-in is sealed with key {id}, which is not in the key file")]
    WrongKey {
        /// The key that would open it.
        id: KeyId,
    },
    /// Another program has stored the document.
    #[error("the stored document was not sealed by this program")]
    NotSealed,
    /// The document was changed, or it belongs to another row or version.
    #[error("the stored document was changed, or copied from another row or version")]
    Tampered,
    /// Another user can read or replace the key file: allow only its owner to.
    #[error("other users have access to {path} (mode {mode:04o})", path = path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key file belongs to another user, who can replace it.
    #[error("{path} belongs to the user with id {owner}", path = path.display())]
    Owner {
        /// The key file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// A line is neither empty, nor a comment, nor a key and its id.
    #[error("{path}, line {line}: this is not a key", path = path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A new key file never replaces a file.
    #[error("{path} exists", path = path.display())]
    Exists {
        /// The key file.
        path: PathBuf,
    },
    /// Another process adds a key now, or was killed while it did. Remove this file if no such process runs.
    #[error("{path} exists: another process is adding a key, or was stopped", path = path.display())]
    AddsKey {
        /// The file that becomes the new key file.
        path: PathBuf,
    },
    /// The key file cannot be read or written.
    #[error("cannot use {path}", path = path.display())]
    Io {
        /// The key file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The system returns no random numbers, or the document is larger than the cipher allows (256 GiB).
    #[error("the cipher cannot be used")]
    Crypto,
}
