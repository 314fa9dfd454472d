//! One stored sign-in that many machines share, in [PostgreSQL](https://www.postgresql.org/), refreshed by one of any
//! number of processes.
//!
//! ```
#![doc = include_str!("../examples/parameters.rs")]
//! ```
//!
//! A refresh token works once ([RFC 9700 §4.14.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2)). The process
//! that wants to use it first writes a claim into the row, with the time of its end, and commits that. No transaction is
//! open during the request, so the database may restart, and a connection pool in transaction mode may be in between.
//!
//! [`PostgresStore`] is the store for a `TokenSource`, with the program's own [`Document`]. [`setup_sql`] sets up a
//! database.
//!
//! # What a claim costs
//!
//! A claim lasts 90 s by the clock of the database. The request is sent only if it ends 5 s before the claim. If the
//! machine dies between the request and the commit, the sign-in is lost, as with every store. If it dies earlier, the
//! others wait for the end of the claim, and use the old token until that expires.
//!
//! # What a commit does
//!
//! The answer to a refresh has the only copy of the new refresh token. The commit repeats its statement for ten minutes,
//! also if the database refuses access, or lacks the row, or the key file lacks a key, because a person may repair that.
//! Then, or if waiting cannot help, [`Error::TokenLost`] has the reason as its source, within [`Error::MayBeStored`] if a
//! statement had no answer. The end of the process ends the commit: a program should delay its end after a signal.
//!
//! A database that went back to an older version during the request gets the new token, and as many versions as it
//! needs to be newer than any that a machine has seen; so does one that was set up again. If its access token is newer
//! than the claimed one, somebody has signed in again, and that stays. Tokens that do not say when they expire are compared
//! by their last refresh, which the clock of a machine has written.
//!
//! # What a folder is for
//!
//! The folder has the lock and the cache of the machine. One that cannot be used stops nothing: the claim is what keeps
//! others from sending the token. Then each call asks the database, and an older version is not noticed.
//!
//! # For an `auth.json`
//!
//! With the feature `auth-store`, `AuthRow` is an external store of that crate: its claims, on a thread of their own.
//!
//! # What this crate does not do
//!
//! The protocol of the refresh is in `token-source`. It reads no environment: the caller passes a function that looks up
//! a variable.
//!
//! # Invariants
//!
//! - A connection to another machine uses TLS, and the server's certificate and name are verified.
//! - A password is not accepted in a URL, which other programs can see.
//! - A refresh token is sent only while the row is claimed, and a claim or a token counts as committed only after a
//!   statement with `synchronous_commit=on` has said so.
//! - A claim of a process that goes on is given back, or ends with a commit, unless the refresh token was sent.
//! - A sign-in is sealed before it leaves the machine, and no refresh token is cached.

mod connection;
mod database;
mod error;

mod cache;
mod seal;
mod store;

#[cfg(feature = "auth-store")]
mod auth_json;

#[cfg(feature = "auth-store")]
pub use auth_json::{AuthDatabase, AuthJson, AuthOptions, AuthRow, CallError, Calls, Notice};
pub use cache::{CacheError, Cached, CachedToken, StoreUnchecked, TokenCache};
pub use connection::{InvalidParameters, Parameters};
pub use database::{Database, Durability, setup_sql};
pub use error::{Error, ErrorKind};
pub use seal::{KeyId, Keys, RowVersion, SealError};
pub use store::{ClaimGuard, Document, Options, PostgresStore, RowStatus, StoredSignIn};
