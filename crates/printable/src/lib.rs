//! Text from outside, made fit for a terminal, a log or a page: one line, in which everything is
//! seen and nothing is obeyed.
//!
//! ```
#![doc = include_str!("../examples/show.rs")]
//! ```
//!
//! What would move a cursor, end a line, turn the direction of writing
//! ([UAX #9](https://www.unicode.org/reports/tr9/)) or take no room is left out; the rest stays as it
//! is. One crate decides that for all of them, so that a character which is found to be hostile is
//! hostile everywhere.
//!
//! # What this crate does not do
//!
//! It escapes nothing for HTML or for a shell: that depends on where a text goes, and is done there.
//!
//! # Invariants
//!
//! - No I/O, no dependency, no state.
//! - What comes out, put in again, comes out the same.

#![expect(clippy::needless_doctest_main, reason = "the example is a program as well")]

mod line;

pub use line::{excerpt, one_line};
