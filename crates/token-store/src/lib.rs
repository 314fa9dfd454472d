//! Stores the tokens of any provider, and refreshes them
//! ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6)) in one of any number of processes.
//!
//! ```
#![doc = include_str!("../examples/many_processes.rs")]
//! ```
//!
//! [`FileStore`] is a file that several processes share. [`MemoryStore`] is for the tasks of one process.
//! [`token_source()`] combines either with the token endpoint of a provider; a store of your own, such as a
//! database, implements [`SharedStore`] and [`StoreGuard`] for [`StoredTokens`].
//!
//! # What this crate does not do
//!
//! It signs nobody in (`native-oauth`). The protocol of the refresh is in `token-source`. `shared-file` has
//! the locks and the safe write, with the rules about owners, links and folders. `auth-store` has the format
//! and the locks of Codex CLI.
//!
//! # Invariants
//!
//! - At each moment the file is the old or the new document. It is written with mode 0600 and flushed
//!   before it replaces the old one. A write that is interrupted is finished by the next process.
//! - Disk space for the new tokens is reserved before the refresh token is sent.
//! - Fields that this crate does not know stay.
//! - Tokens are wiped from memory on drop, and `Debug` shows none.

mod endpoint;
mod file;
mod memory;
mod tokens;

pub use endpoint::{RefreshFailure, Refresher, SystemClock, TokenSource, token_source};
pub use file::{Error, FileGuard, FileStore};
pub use memory::{MemoryGuard, MemoryStore};
pub use tokens::StoredTokens;

pub use credentials::{AccessToken, IdToken, RefreshToken};
pub use jiff::Timestamp;
pub use token_source::{
    Clock, Commit, Error as TokenSourceError, Event, Holder, LockError, RefreshError,
    RefreshErrorKind, Refreshable, RefreshedTokens, SharedStore, StoreGuard, TryLock, Valid,
    WaitPolicy, WhileHeld, lock,
};
pub use {shared_file, token_client};
