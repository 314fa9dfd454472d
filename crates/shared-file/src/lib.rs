//! A small file that several processes read and replace: locked, written safely, never half.
//!
//! ```
#![doc = include_str!("../examples/count.rs")]
//! ```
//!
//! # The write
//!
//! [`SharedFile::lock`] takes the lock files, [`LockedFile::read`] reads, and [`LockedFile::replace`]
//! writes a temporary file beside the file (mode 0600 from the start), flushes it, compares the file with
//! what was read, renames the temporary file and flushes the folder. At each moment the file has the old
//! or the new content; after an error it has the old one, except after [`Error::NotDurable`],
//! and a file that is a mount may be half written.
//!
//! - [`LockedFile::reserve`] creates the temporary file earlier, with enough space, so that the write
//!   cannot run out of anything.
//! - If the rename fails, or the process is killed before it, the temporary file stays, and the next
//!   process that takes the locks finishes the write, see [`SharedFile::successor`].
//! - A program that takes no locks can write as well: then [`LockedFile::replace`] changes nothing. A file
//!   that such a program has emptied, and not yet filled, is read again for a moment.
//! - A symbolic link is followed once, after checks of its target, and stays a link.
//! - A file that is a mount of its own, as in containers, cannot be replaced by a rename. It is written in
//!   place with one write, padded with white space, after a backup. A reader waits while the backup
//!   exists, so that it sees no mixed content.
//! - On Windows a rename is repeated while another program, such as a virus scanner, has the file open.
//!
//! # Permissions
//!
//! A regular file is read, even if another user owns it. A write is refused before any change if the
//! folder, the file, a lock file or a link belongs to another user (except root), or if every user could
//! write to a folder of yours: a mount can show all of its folders as those of root, open to everyone. Root may write everywhere: new files belong to the owner of the old file or of the
//! folder, and a link must not lead out of its owner's files. A missing folder is created with mode 0700.
//! The target of a link need not exist.
//!
//! # What this crate does not do
//!
//! It does not know what is in the file: `auth-store` and `token-store` do. It merges nothing.
//!
//! # Invariants
//!
//! - The crate cannot reach the network.
//! - It reads no clock: a wait is a number of pauses.
//! - No content is in an error or a log. Buffers with content are wiped when they are dropped, and never
//!   grow, which would leave copies behind.
//! - It never creates a file that another user can read, not even for a moment.
//! - It blocks: an async caller uses a thread, for example with [`uninterrupted`].

mod locked_file;
mod shared_file;
mod uninterrupted;

mod check;
mod properties;

mod interrupted;
mod replace;
mod reservation;
mod snapshot;
mod temp_file;

mod file_location;
mod folder;
mod lock;
mod lock_holder;
mod options;
#[cfg(any(not(unix), test))]
mod sharing_violation;

mod error;
mod file_kind;

pub use error::Error;
pub use file_kind::FileKind;
pub use file_location::Content;
pub use lock_holder::LockHolder;
pub use locked_file::LockedFile;
pub use options::SIZE_LIMIT;
pub use properties::Properties;
pub use shared_file::SharedFile;
pub use uninterrupted::uninterrupted;
