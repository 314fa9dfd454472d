//! What is asked of the system itself: sockets, and signals.

use std::io;

/// Lets this process open as many sockets as the crowd and the flood need.
///
/// # Errors
///
/// The system does not allow as many to anybody.
#[cfg(unix)]
pub(crate) fn allow_many_sockets() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    const ENOUGH: u64 = 2048;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= ENOUGH) {
        return Ok(());
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(ENOUGH), maximum })?;
    Ok(())
}

/// There is no such limit.
#[cfg(not(unix))]
pub(crate) fn allow_many_sockets() -> io::Result<()> {
    Ok(())
}

/// Sends the signal that Ctrl-C sends.
#[cfg(unix)]
pub(crate) fn interrupt(process: u32) -> io::Result<()> {
    send(process, rustix::process::Signal::INT)
}

/// Lets a process stand still, whatever it is doing.
#[cfg(unix)]
pub(crate) fn halt(process: u32) -> io::Result<()> {
    send(process, rustix::process::Signal::STOP)
}

#[cfg(unix)]
fn send(process: u32, signal: rustix::process::Signal) -> io::Result<()> {
    use rustix::process::{Pid, kill_process};

    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    kill_process(pid.ok_or(io::ErrorKind::InvalidInput)?, signal)?;
    Ok(())
}

/// A console is needed for it.
#[cfg(not(unix))]
pub(crate) fn interrupt(_: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) fn halt(_: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
