//! One valid access token for any number of processes that share a stored sign-in, refreshed
//! ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6)) by exactly one of them.
//!
//! ```
#![doc = include_str!("../examples/refresh_in_memory.rs")]
//! ```
//!
//! # The protocol
//!
//! ```text
//! valid ── not due ── the stored token
//!   └─ due ── lock ── read again ── still due ── reserve ── refresh ── commit
//! ```
//!
//! Every other process waits for the lock and reads at the same time: a token that is not due any more
//! ends the wait. A store may also let a process use the old token until it expires
//! ([`WhileHeld::UseOldToken`]).
//!
//! The lock is one of the system, which ends with its process, or a claim, which ends at a time: for a
//! database that several machines share. A claim has to last longer than the request
//! ([`StoreGuard::reserve`]). A process that is stopped for longer than its claim, between the request
//! and the commit, may lose the sign-in.
//!
//! # What a crash can lose
//!
//! With refresh token rotation a refresh token works once. Between the server's answer and the commit,
//! the only copy of the new one is in that answer: on the wire, then in this process. A crash in that
//! window, a round trip and a few milliseconds for the disk, ends the sign-in; nothing on this side
//! can prevent that. Dropping the future in that window is the same, so wait for [`Event::Refreshed`]
//! as long as you can. Everywhere else a crash leaves the sign-in as it was, or as it became.
//!
//! # What this crate does not do
//!
//! It opens no file, sends no request and reads no clock: the store, the token endpoint and the clock
//! are traits, whose futures are `Send`. `token-store` implements them for any
//! provider, `auth-store` and `login` for OpenAI.
//!
//! # Invariants
//!
//! - A refresh token is sent only under the lock, after the sign-in was read again under it, and
//!   after the store has reserved what the commit needs.
//! - New tokens are stored before anything else happens to them.
//! - A sign-in that another program has stored meanwhile is never overwritten.

mod clock;
mod endpoint;
mod error;
mod event;
mod expiry;
mod lock;
mod source;
mod store;
mod wait_policy;

pub use clock::Clock;
pub use endpoint::{RefreshError, RefreshErrorKind, RefreshedTokens, TokenEndpoint, TokenResponse};
pub use error::Error;
pub use event::Event;
pub use expiry::{has_ended, is_due, is_older};
pub use lock::{LockError, lock};
pub use source::{TokenSource, Valid};
pub use store::{Commit, Holder, Refreshable, SharedStore, StoreGuard, TryLock};
pub use wait_policy::{LOCK_TIMEOUT, WaitPolicy, WhileHeld};

pub use credentials::{AccessToken, IdToken, RefreshToken};
pub use jiff::Timestamp;
