//! Whose a terminal is. A job in the background that changes its terminal, or reads from it, is stopped
//! by the system ([POSIX, General Terminal Interface, 11.1.4](https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap11.html)).

use std::io::{self, IsTerminal as _};

/// Whether a person sits at standard input who is not busy with another program.
#[cfg(unix)]
pub(crate) fn has_person() -> bool {
    io::stdin().is_terminal() && is_foreground_job(io::stdin()) == Some(true)
}

/// Whether a person sits at standard input.
#[cfg(not(unix))]
pub(crate) fn has_person() -> bool {
    io::stdin().is_terminal()
}

/// Whether another job of the same shell has this terminal.
#[cfg(unix)]
pub(crate) fn is_background_job(terminal: impl std::os::fd::AsFd) -> bool {
    is_foreground_job(terminal) == Some(false)
}

/// Whether this program is the foreground job of this terminal; `None` if the terminal does not control
/// the program.
#[cfg(unix)]
fn is_foreground_job(terminal: impl std::os::fd::AsFd) -> Option<bool> {
    let group = rustix::termios::tcgetpgrp(terminal).ok()?;
    Some(group == rustix::process::getpgrp())
}

/// There are no jobs on this system.
#[cfg(not(unix))]
pub(crate) fn is_background_job<T>(_terminal: T) -> bool {
    false
}
