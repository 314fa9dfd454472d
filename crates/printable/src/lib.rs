//! Sanitizes untrusted text for a terminal, a log or a page: one line of visible characters,
//! without control characters.
//!
//! ```
#![doc = include_str!("../examples/show.rs")]
//! ```
//!
//! It removes characters that move the cursor, end a line, change the direction of text
//! ([UAX #9](https://www.unicode.org/reports/tr9/)) or are invisible. Other characters are
//! unchanged. All crates use this one, so that they agree on the removed characters.
//!
//! # What this crate does not do
//!
//! It does not escape for HTML or a shell: the code that writes the output does.
//!
//! # Invariants
//!
//! - No I/O, no dependency, no state.
//! - The functions are idempotent.

#![expect(clippy::needless_doctest_main, reason = "the example is a program as well")]

mod line;

pub use line::{excerpt, one_line};
