//! What a person sees and types at a terminal: sentences that fit the screen, a status line, hints, a
//! QR code; a hidden line and a choice.
//!
//! ```
#![doc = include_str!("../examples/wait.rs")]
//! ```
//!
//! # The rules of the terminal
//!
//! - It is on standard error. Results go to standard output, which is the caller's.
//! - Text from outside is cleaned on its way out by `printable`: no control character, nothing that
//!   reorders or hides text, and no more of it than fits a few lines.
//! - A URL stands alone on its line and is never broken, so that it can be copied; nor is a command.
//!   Where the terminal has hyperlinks, the URL is one, and in full all the same.
//! - On a terminal, a sentence breaks between words, whatever the width; elsewhere it is one line.
//! - While the program waits, the last line says for what and how long, and all other output goes above
//!   it. Afterwards no trace of it is left. A terminal that cannot move its cursor gets a sentence.
//! - Colour adds emphasis and never meaning.
//! - A program that is killed leaves a terminal that needs no repair; but a secret is hidden while it
//!   is typed, and a [choice](Select) has the alternate screen. [`restore`] undoes both in a panic.
//! - A standard error that is closed is no reason to fail, and nothing panics then.
//!
//! # What this crate does not do
//!
//! It does not decide what a terminal can do: the caller reads the environment and passes
//! [`Capabilities`]. It writes no result, parses no flag, and does not know what a secret or a command
//! means.
//!
//! # Invariants
//!
//! - It reads no environment.
//! - Of our crates, it uses `printable` alone.
//! - Every write of the program to the screen goes through [`suspend_status_line`].

mod capabilities;
pub mod style;

mod status_line;
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

pub use capabilities::Capabilities;
pub use hint::{CommandPrefix, Hint, command, say};
pub use human_time::{from_now, in_words, roughly};
pub use keyboard::{Input, Keyboard, read_hidden_line};
pub use restore::restore;
pub use select::Select;
pub use status_line::{StatusLine, suspend_status_line};
pub use stdin::{MAX_INPUT, read_all, read_lines};
pub use terminal::{LogWriter, Terminal};
pub use wrap::{Page, wrapped};
