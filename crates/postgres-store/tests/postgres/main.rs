//! The store with a real PostgreSQL, which each test starts in its own folder. Where it is not installed, the
//! tests are reported as skipped.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod issuer;

mod access;
mod claims;
mod servers;
