//! Whose a terminal is. A job in the background that changes its terminal, or reads from it, is stopped
//! by the system ([POSIX, General Terminal Interface, 11.1.4](https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap11.html)).

use std::io::{self, IsTerminal as _};

/// Whether a person sits at standard input who is not busy with another program.
#[cfg(unix)]
#[must_use]
pub fn has_person() -> bool {
    io::stdin().is_terminal() && is_foreground_job(io::stdin())
}

/// Whether a person sits at standard input.
#[cfg(not(unix))]
#[must_use]
pub fn has_person() -> bool {
    io::stdin().is_terminal()
}

/// Whether this program is the foreground job of this terminal.
#[cfg(unix)]
pub fn is_foreground_job(terminal: impl std::os::fd::AsFd) -> bool {
    foreground(terminal) == Some(true)
}

/// Whether another job of the same shell has this terminal.
#[cfg(unix)]
pub fn is_background_job(terminal: impl std::os::fd::AsFd) -> bool {
    foreground(terminal) == Some(false)
}

/// `None` where the terminal does not control this program.
#[cfg(unix)]
fn foreground(terminal: impl std::os::fd::AsFd) -> Option<bool> {
    let group = rustix::termios::tcgetpgrp(terminal).ok()?;
    Some(group == rustix::process::getpgrp())
}

/// There are no jobs on this system.
#[cfg(not(unix))]
pub fn is_background_job<T>(_terminal: T) -> bool {
    false
}
