//! Limits and signals.

use std::io;

/// Raises the limit of descriptors to what the load generators need.
///
/// # Errors
///
/// The system does not allow as many.
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

/// Sends SIGINT, as Ctrl-C does.
#[cfg(unix)]
pub(crate) fn interrupt(process: u32) -> io::Result<()> {
    send(process, rustix::process::Signal::INT)
}

/// Stops a process (SIGSTOP).
#[cfg(unix)]
pub(crate) fn stop_process(process: u32) -> io::Result<()> {
    send(process, rustix::process::Signal::STOP)
}

#[cfg(unix)]
fn send(process: u32, signal: rustix::process::Signal) -> io::Result<()> {
    use rustix::process::{Pid, kill_process};

    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    kill_process(pid.ok_or(io::ErrorKind::InvalidInput)?, signal)?;
    Ok(())
}

/// Windows needs a console for it.
#[cfg(not(unix))]
pub(crate) fn interrupt(_: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) fn stop_process(_: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
