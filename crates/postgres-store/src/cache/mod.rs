//! The access token of a stored sign-in, kept on this machine, so that most calls need no connection.
//!
//! ```text
//! checked less than ten minutes ago ── use it
//!   └─ older ── compare the version with that of the store ── the same: checked again
//!        └─ store unreachable ── use it until it expires, with a warning
//! ```
//!
//! The refresh token is never cached. The file also remembers the highest version that this machine has seen:
//! a store that returns an older one was restored from a backup, or an old row was put back.

mod file;
mod private;
mod token;

pub use file::{CacheError, Cached, TokenCache};
pub use token::{CachedToken, StoreUnchecked};

#[cfg(unix)]
#[cfg(test)]
mod tests;
