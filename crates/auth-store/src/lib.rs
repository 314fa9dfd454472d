//! Stores a sign-in in `auth.json`, in the format of Codex CLI, with atomic and durable writes.
//!
//! ```
#![doc = include_str!("../examples/keep_a_sign_in.rs")]
//! ```
//!
//! # The write
//!
//! [`AuthStore::update`] takes the two locks of Codex CLI in its order, reads the document, lets the
//! caller change it, and replaces the file. It writes a temporary file beside it (mode 0600 from the
//! start), flushes it, compares the content with what was read, renames the temporary file and flushes
//! the folder. At each moment the file is the old or the new document; after an error it is the old one.
//!
//! - A symbolic link is followed once, after checks of its target, and stays a link.
//! - A file that is a mount of its own, as in containers, cannot be replaced by a rename. It is written
//!   in place with one write, padded with white space, after a backup to `auth.json.login-cli.bak`. A
//!   reader waits while the backup exists, so that it sees no mixed content.
//! - An [`ExternalStore`], such as a [`HelperStore`], can have the document instead of the file. Nothing
//!   of it ever goes to a file. The feature `keyring` adds `KeyringStore`; it is off by default because
//!   of its dependencies.
//!
//! [`AuthStore::lock`] takes the same locks for a caller that reads, sends a request and writes.
//! [`LockedStore::reserve`] creates the temporary file before the request, with enough space, so that
//! the commit cannot run out of anything. [`LockedStore::commit`] compares as well, because some
//! programs take no locks. If the rename fails, or the process is killed before it, the temporary file
//! stays, and the next process that takes the locks finishes the save.
//!
//! # Permissions
//!
//! A regular file is read, even if another user owns it; [`AuthStore::warnings`] reports what is unusual. A write is
//! refused before any change if the folder, the file or a link belongs to another user (except root), or
//! if every user could replace the file. Root may write everywhere: new files belong to the owner of the
//! old file or of the folder, and a link must not lead out of its owner's files. An empty file is no
//! document. The target of a link need not exist.
//!
//! # The format
//!
//! UTF-8 JSON, indented by two spaces, without a final newline, as Codex CLI writes it. Fields of other
//! programs keep their place and their source text, at the top and in `tokens`. A new sign-in replaces
//! `tokens` as a whole and removes sign-ins in other formats. What Codex CLI cannot read (a byte-order
//! mark, a repeated key, a time without a zone) is an error with the line to change. Only a new sign-in
//! replaces such a file, and keeps a copy ([`LockedStore::update_with_backup`]). Two exceptions are read
//! with a warning: an ID token stored as its claims, and an empty `last_refresh`.
//!
//! # What this crate does not do
//!
//! `token-source` refreshes what is stored here, `token-client` sends the requests, `credentials` reads
//! claims, and the cli knows the folder.
//!
//! # Invariants
//!
//! - The store cannot reach the network.
//! - It reads no clock: times are parameters, and a wait is a number of pauses.
//! - No secret is in an error or a log. Buffers with a secret are wiped when they are dropped, and
//!   never grow, which would leave copies behind.
//! - It never creates a file that another user can read, not even for a moment.
//! - It blocks: an async caller uses a thread, for example with [`uninterrupted`].

mod locked_store;
mod shared_store;
mod store;
mod uninterrupted;

mod auth_mode;
mod document;
mod format;

mod backend;
mod external_store;
mod helper_store;
#[cfg(feature = "keyring")]
mod keyring_store;
mod warning;

mod check;
mod file;
mod file_location;
mod folder;
mod lock;
mod lock_holder;
#[cfg(any(not(unix), test))]
mod sharing_violation;
mod snapshot;
mod temp_file;

mod error;
mod file_kind;
mod location;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use auth_mode::AuthMode;
pub use document::{AuthDocument, SignIn};
pub use error::{Error, ErrorKind, ExternalStoreError};
pub use external_store::ExternalStore;
pub use file_kind::FileKind;
pub use format::ParseErrorKind;
pub use helper_store::HelperStore;
#[cfg(feature = "keyring")]
pub use keyring_store::KeyringStore;
pub use location::Location;
pub use lock_holder::LockHolder;
pub use locked_store::LockedStore;
pub use store::AuthStore;
pub use uninterrupted::{uninterrupted, uninterrupted_commit};
pub use warning::Warning;
