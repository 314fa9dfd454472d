/// Whether this terminal is this program's at the moment, and not another job's of the same shell;
/// `None` where it controls nobody. One in the background that changes it, or reads from it, is stopped
/// by the system.
#[cfg(unix)]
pub(crate) fn is_ours(terminal: impl std::os::fd::AsFd) -> Option<bool> {
    let group = rustix::termios::tcgetpgrp(terminal).ok()?;
    Some(group == rustix::process::getpgrp())
}

/// There are no jobs on this system.
#[cfg(not(unix))]
pub(crate) fn is_ours<T>(_terminal: T) -> Option<bool> {
    None
}
