//! Which job has the terminal. The system stops a background job that reads from its terminal or changes it
//! ([POSIX, General Terminal Interface, 11.1.4](https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap11.html)).

use std::io::{self, IsTerminal as _};

/// Whether a user can type here: standard input is a terminal, and this is its foreground job.
#[cfg(unix)]
pub(crate) fn has_user() -> bool {
    io::stdin().is_terminal() && is_foreground_job(io::stdin()) == Some(true)
}

/// Whether a user can type here: standard input is a terminal.
#[cfg(not(unix))]
pub(crate) fn has_user() -> bool {
    io::stdin().is_terminal()
}

/// Whether another job of the shell has this terminal.
#[cfg(unix)]
pub(crate) fn is_background_job(terminal: impl std::os::fd::AsFd) -> bool {
    is_foreground_job(terminal) == Some(false)
}

/// Whether this program is the foreground job of this terminal; `None` if it is not its controlling terminal.
#[cfg(unix)]
fn is_foreground_job(terminal: impl std::os::fd::AsFd) -> Option<bool> {
    let group = rustix::termios::tcgetpgrp(terminal).ok()?;
    Some(group == rustix::process::getpgrp())
}

/// This system has no job control.
#[cfg(not(unix))]
pub(crate) fn is_background_job<T>(_terminal: T) -> bool {
    false
}
