//! Whether the program that reads the events on standard output is still there.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::mutex::lock;

/// How often that is checked while there are no events.
const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct StdoutWatch {
    /// Before the first event, standard output can be another program's, as with `exec`.
    has_events: AtomicBool,
    /// Why the last event could not be written.
    error: Mutex<Option<io::Error>>,
    has_failed: Notify,
}

impl StdoutWatch {
    /// Takes the outcome of writing an event.
    pub(crate) fn event_written(&self, outcome: io::Result<()>) {
        self.has_events.store(true, Ordering::Relaxed);
        if let Err(error) = outcome {
            *lock(&self.error) = Some(error);
            self.has_failed.notify_one();
        }
    }

    /// Waits until events can no longer be written, and returns the reason.
    pub(crate) async fn reader_closed(&self) -> io::Error {
        loop {
            tokio::select! {
                () = self.has_failed.notified() => {}
                () = sleep(INTERVAL) => {}
            }
            let closed =
                || (self.has_events.load(Ordering::Relaxed) && is_closed()).then(broken_pipe);
            if let Some(error) = lock(&self.error).take().or_else(closed) {
                return error;
            }
        }
    }
}

/// Whether the other end of standard output is closed, if it is a pipe or a socket.
#[cfg(unix)]
fn is_closed() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FileType, fstat};
    let stdout = io::stdout();
    let kind = fstat(&stdout).map(|it| FileType::from_raw_mode(it.st_mode));
    if !matches!(kind, Ok(FileType::Fifo | FileType::Socket)) {
        return false;
    }
    // Some systems report the end only to a poll for something.
    let mut polled = [PollFd::new(&stdout, PollFlags::OUT)];
    let outcome = poll(&mut polled, Some(&Timespec::default()));
    outcome.is_ok() && polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// The next write finds out.
#[cfg(not(unix))]
fn is_closed() -> bool {
    false
}

/// The error that a write would have.
fn broken_pipe() -> io::Error {
    #[cfg(unix)]
    return rustix::io::Errno::PIPE.into();
    #[cfg(not(unix))]
    return io::ErrorKind::BrokenPipe.into();
}
