//! Stores a sign-in in `auth.json`, in the format of Codex CLI, with atomic and durable writes.
//!
//! ```
#![doc = include_str!("../examples/keep_a_sign_in.rs")]
//! ```
//!
//! # The write
//!
//! [`AuthStore::update`] takes the two locks of Codex CLI in its order, reads the document, lets the
//! caller change it, and replaces the file, as `shared-file` does: at each moment the file is the old or
//! the new document, with mode 0600; after an error it is the old one. That crate also has the rules about
//! links, mounts, owners and folders.
//!
//! [`AuthStore::lock`] takes the same locks for a caller that reads, sends a request and writes.
//! [`LockedStore::reserve`] makes sure, before the request, that the commit cannot run out of anything.
//! [`LockedStore::commit`] compares before it writes, because some programs take no locks. A save that is
//! interrupted before its last step is finished by the next process that takes the locks, if it is a later
//! sign-in of the same account. An empty file is no document.
//!
//! An [`ExternalStore`], such as a [`HelperStore`], can have the document instead of the file. Nothing of
//! it ever goes to a file. A store that several machines share has a [`Claim`] as well as the locks, and an [`Import`] moves
//! the sign-in of a file into it. The feature `keyring` adds `KeyringStore`; it is off by default because of its
//! dependencies.
//!
//! A file is read, even if another user owns it; [`AuthStore::warnings`] reports what is unusual.
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
//! `shared-file` writes the file, `token-source` refreshes what is stored here, `token-client` sends the requests, `credentials` reads
//! claims, and the cli knows the folder.
//!
//! # Invariants
//!
//! - The store cannot reach the network.
//! - It reads a clock only to limit a wait: times are parameters.
//! - No secret is in an error or a log. Buffers with a secret are wiped when they are dropped, and
//!   never grow, which would leave copies behind.
//! - It blocks: an async caller uses a thread, for example with [`uninterrupted`].

mod import;
mod locked_store;
mod shared_store;
mod store;
mod uninterrupted;

mod auth_mode;
mod document;
mod format;

mod backend;
mod external_entry;
mod external_store;
mod helper_store;
#[cfg(feature = "keyring")]
mod keyring_store;
mod source;
mod warning;

mod error;
mod location;

pub use auth_mode::AuthMode;
pub use document::{AuthDocument, SignIn};
pub use error::{Error, ErrorKind, ExternalStoreError};
pub use external_store::{Claim, ClaimError, ExternalStore};
pub use format::ParseErrorKind;
pub use helper_store::HelperStore;
pub use import::{FoundEntry, Import, ImportedFile};
#[cfg(feature = "keyring")]
pub use keyring_store::KeyringStore;
pub use location::Location;
pub use locked_store::LockedStore;
pub use store::AuthStore;
pub use uninterrupted::{uninterrupted, uninterrupted_commit};
pub use warning::Warning;

pub use shared_file::{Error as FileError, FileKind, LockHolder};
