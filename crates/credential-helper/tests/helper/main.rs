//! Scripts as helpers, good and bad ones, and real helpers.

#![cfg(unix)]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod finding;
mod misbehaviour;
mod real;
mod script;
mod talk;
