//! Helpers that behave, helpers that do not, and real ones.

#![cfg(unix)]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod finding;
mod misbehaviour;
mod real;
mod script;
mod talk;
