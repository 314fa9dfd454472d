//! What a user sees and types at a terminal: wrapped sentences, a status line, hints, a QR code, a hidden input
//! line and a menu.
//!
//! ```
#![doc = include_str!("../examples/wait.rs")]
//! ```
//!
//! # The rules of the terminal
//!
//! - Output goes to standard error. Results go to standard output, which belongs to the caller.
//! - `printable` cleans text from outside: no control characters, nothing that reorders or hides text, and at most
//!   a few lines of it.
//! - A URL is alone on its line and is never broken, so that the user can copy it. A command is not broken either.
//!   If the terminal has hyperlinks, the URL is one; its text is still complete.
//! - On a terminal, a sentence breaks between words. Otherwise it is one line.
//! - While the program waits, the last line shows for what and how long; other output appears above it. The line is
//!   erased afterwards. A terminal that cannot move its cursor gets a sentence instead.
//! - Color adds emphasis, never meaning.
//! - A killed program leaves a terminal that works, except while a secret is typed or a [menu](Select) is open.
//!   [`restore`] undoes both in a panic.
//! - A closed standard error is not an error, and causes no panic.
//!
//! # What this crate does not do
//!
//! It does not detect what a terminal can do: the caller reads the environment and passes [`Capabilities`]. It
//! prints no result and parses no flag.
//!
//! # Invariants
//!
//! - It does not read the environment.
//! - The only other crate of this workspace that it uses is `printable`.
//! - Each write of the program to the screen goes through [`suspend_status_line`].

mod capabilities;
pub mod style;

mod status_line;
mod status_lines;
mod terminal;
mod wrap;

mod hint;
mod human_time;
mod qr;

mod hidden_input;
mod keyboard;
mod select;
mod size;
mod stdin;
mod tty;

mod restore;

#[cfg(fuzzing)]
pub mod fuzzing;

pub use capabilities::Capabilities;
pub use hint::{CommandPrefix, Hint, command, say};
pub use human_time::{from_now, in_words, roughly};
pub use keyboard::{Input, Keyboard, read_hidden_line};
pub use restore::restore;
pub use select::Select;
pub use status_line::{StatusLine, suspend_status_line};
pub use status_lines::StatusLines;
pub use stdin::{MAX_INPUT, read_all, read_lines};
pub use terminal::{LogWriter, Terminal};
pub use wrap::{WrapOptions, wrap};
