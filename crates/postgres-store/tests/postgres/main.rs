//! The store with a real PostgreSQL, which each test starts in its own folder. Where it is not installed, the
//! tests are reported as skipped.

#![cfg(target_os = "linux")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod fleet;
mod issuer;
mod process;

mod access;
mod attacks;
mod claims;
mod commits;
mod faults;
mod interrupted;
mod machines;
mod servers;
