//! The store from outside: what is in the file, how it comes there, and where it may be.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod format;
#[cfg(unix)]
mod places;
mod save;
