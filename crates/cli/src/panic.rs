//! The end of a program that is wrong about itself, or whose system gives it no thread.
//!
//! A panic tells of itself on standard error, with a backtrace where one is asked for, and ends the
//! process with a code that is none of this program's. What it tells may be what the program was
//! working on, such as a token. Here it is one line that is always the same, and the exit code of
//! every other failure.
//!
//! What is stored is what a crash leaves: the document from before or after a save, whole.
//!
//! Two ends are not panics and cannot be had hold of without `unsafe`: memory that runs out, and a
//! stack that does. Rust's runtime aborts then, and what it says is constant but for a number of
//! bytes and the name of a thread. [`core_dump`](crate::core_dump) sees to it that no file with the
//! memory of the program is left.

use std::io::{self, Write as _};
use std::{panic, process};

/// All that is said of a panic, whatever it was about.
const LAST_WORDS: &[u8] =
    b"error: login-cli had to stop because of an internal error; if it happens \
                            again, please report what you did\n";

/// From now on, a panic of any thread ends the program with [`LAST_WORDS`] and exit code 1. A terminal
/// that shows a menu, or does not show what is typed, is given back as it was.
///
/// The hook ends the process itself: after it, a release build would abort, and a debug build would
/// unwind through whatever catches panics.
pub(crate) fn end_without_a_trace() {
    panic::set_hook(Box::new(|_| {
        terminal_ui::restore();
        // Whoever closed standard error does not want to hear of it.
        let _ = io::stderr().write_all(LAST_WORDS);
        process::exit(1)
    }));
}
