//! A panic prints one line that is always the same, and exits with code 1.
//!
//! The default message of a panic can hold what the program worked on, such as a token. A save that
//! was interrupted leaves the whole old or the whole new document.
//!
//! Two ends are not panics, and cannot be caught without `unsafe`: out of memory, and a stack overflow.
//! Rust's runtime aborts then, and its message has no data of the program.
//! [`core_dump`](crate::core_dump) prevents a file with the memory of the program.

use std::io::{self, Write as _};
use std::{panic, process};

const PANIC_MESSAGE: &[u8] =
    b"error: login-cli had to stop because of an internal error; if it happens \
                            again, please report what you did\n";

/// From now on, a panic of any thread prints [`PANIC_MESSAGE`], restores the terminal and exits with 1.
///
/// The hook ends the process itself: after it, a release build would abort, and a debug build would
/// unwind.
pub(crate) fn install_panic_hook() {
    panic::set_hook(Box::new(|_| {
        terminal_ui::restore();
        // If standard error is closed, there is nowhere to report it.
        let _ = io::stderr().write_all(PANIC_MESSAGE);
        process::exit(1)
    }));
}
