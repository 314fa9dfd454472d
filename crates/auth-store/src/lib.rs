//! Keeps a sign-in in `auth.json`: the one format that Codex CLI reads too, and one safe write, in a
//! file or an external store.
//!
//! ```
#![doc = include_str!("../examples/keep_a_sign_in.rs")]
//! ```
//!
//! # The write
//!
//! [`AuthStore::update`] takes the two locks that Codex CLI takes, in its order, reads, lets the
//! caller change the document, and replaces the file: a temporary file beside it, 0600 from its
//! creation, is written and flushed, the content that was read is compared with what is there now,
//! then the temporary file is renamed over it and the folder is flushed. At every moment the name
//! stands for the old document or for the new one, and after a failure it stands for the old one.
//! A symbolic link is followed once, after a look at where it leads, and stays a link. A file that
//! is a mount of its own, as containers make them, cannot be renamed over: it is written in its place,
//! after what it held was copied to `auth.json.login-cli.bak`, and the copy goes when the write is on the disk.
//! It is made long enough first, with white space, and written at once; a reader here waits while the copy is
//! there, so that it sees no document in parts.
//!
//! [`AuthStore::lock`] takes the same locks for longer, for whoever reads, asks a server, and writes:
//! [`LockedStore::commit`] still compares, because not every program takes locks. [`LockedStore::reserve`] makes the
//! temporary file before the server is asked, with room on the disk, so that nothing that the commit
//! needs can run out meanwhile. Where the system refuses even the rename, or the program is killed before
//! it, the temporary file stays, and the next one to take the locks finishes the save.
//!
//! An [`ExternalStore`] can hold the document in place of the file, such as a [`HelperStore`]. It is written
//! and read as a whole, and nothing of it ever goes to a file instead.
//! With the feature `keyring` there is `KeyringStore` as well, the keyring of the system; it speaks to
//! the session's bus, and what it costs in dependencies is why it is off by default.
//!
//! # The place
//!
//! Reading takes a plain file that the system lets us read, whoever owns it; [`AuthStore::warnings`]
//! notes what is unusual. Writing is refused, before anything changes, where the folder, the file or a link
//! belongs to another user than ours and root, or where every user could replace the file. Root writes
//! everywhere: what it makes belongs to the owner of the file or the folder, and it follows no link out
//! of what the link's owner owns. An empty file is no document, and the end of a link need not be there.
//!
//! # The format
//!
//! UTF-8 JSON, indented by two spaces, without a newline at the end, as the `serde_json` of Codex
//! CLI writes it. Fields of other programs keep their place and their source text, at the top and in
//! `tokens`; a new sign-in replaces `tokens` as a whole, and removes what other programs keep a
//! sign-in in at the top. What Codex CLI refuses to read (a byte-order mark, a key that occurs
//! twice, a time without a zone) is corrupt here too, with the line that has to change, and a corrupt
//! file is only ever replaced by a new sign-in, which keeps a copy
//! ([`AuthStore::update_with_backup`]). Where it is clear what is meant, it is read and noted: an ID
//! token whose claims stand in its place, an empty `last_refresh`.
//!
//! # What this crate does not do
//!
//! It decides neither when a token is due nor what a claim means: `token-source` refreshes what is stored
//! here, `token-client` sends the requests, `credentials` reads claims. Where the folder is, is the cli's to say.
//!
//! # Invariants
//!
//! - The store cannot reach the network.
//! - It knows no clock: times are values that are passed in, and a wait is a number of pauses.
//! - No secret is in an error or a log. Trees and buffers that hold one are wiped when they are
//!   dropped; serialization never goes through a buffer that grows, which would leave copies behind.
//! - It never makes a file that somebody else can read, not even for a moment.
//! - It blocks: an async caller runs it where blocking is allowed, such as in [`uninterrupted`].

mod locked_store;
mod remove_unused;
mod shared;
mod store;
mod uninterrupted;

mod document;
mod format;
mod mode;
mod object;
mod other_formats;
mod provenance;

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
mod interrupted_save;
mod lock;
mod lock_holder;
mod memory;
mod mount;
#[cfg(any(not(unix), test))]
mod retry;
mod snapshot;
mod temp_file;

mod error;
mod location;

pub use document::{AuthDocument, SignIn};
pub use error::{Error, ErrorKind, FileKind, Operation, Problem};
pub use external_store::{ExternalStore, ExternalStoreError};
pub use helper_store::HelperStore;
#[cfg(feature = "keyring")]
pub use keyring_store::KeyringStore;
pub use location::Location;
pub use lock_holder::LockHolder;
pub use locked_store::LockedStore;
pub use mode::AuthMode;
pub use store::AuthStore;
pub use uninterrupted::{uninterrupted, uninterrupted_commit};
pub use warning::Warning;
