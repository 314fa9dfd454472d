//! Whether the program that follows what happens is still there.

use std::cell::{Cell, RefCell};
use std::io;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

/// As often as it is looked whether it is there while nothing happens.
const TICK: Duration = Duration::from_secs(1);

/// Whoever reads the events on standard output.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    /// Whether there was an event. Before the first one, standard output may be meant for another
    /// program, as with `exec`.
    was_told: Cell<bool>,
    /// Why the last one could not be written.
    failure: RefCell<Option<io::Error>>,
    has_failed: Notify,
}

impl Follower {
    /// An event was written, or could not be.
    pub(crate) fn told(&self, outcome: io::Result<()>) {
        self.was_told.set(true);
        if let Err(error) = outcome {
            self.failure.replace(Some(error));
            self.has_failed.notify_one();
        }
    }

    /// Waits until it cannot be told any more, and says why.
    pub(crate) async fn left(&self) -> io::Error {
        loop {
            tokio::select! {
                () = self.has_failed.notified() => {}
                () = sleep(TICK) => {}
            }
            let failure = self.failure.take();
            let gone = || (self.was_told.get() && is_gone()).then(broken_pipe);
            if let Some(error) = failure.or_else(gone) {
                return error;
            }
        }
    }
}

/// Whether nobody has the other end of standard output any more, where it is a pipe or a socket. One
/// that is only closed for writing, as where nothing is ever said to this program, is another matter.
#[cfg(unix)]
fn is_gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FileType, fstat};
    let stdout = io::stdout();
    let kind = fstat(&stdout).map(|it| FileType::from_raw_mode(it.st_mode));
    if !matches!(kind, Ok(FileType::Fifo | FileType::Socket)) {
        return false;
    }
    // Not every system tells of the end to whoever asks for nothing.
    let mut asked = [PollFd::new(&stdout, PollFlags::OUT)];
    let answered = poll(&mut asked, Some(&Timespec::default()));
    answered.is_ok() && asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// It is found out when something is written.
#[cfg(not(unix))]
fn is_gone() -> bool {
    false
}

/// What a write would say.
#[cfg(unix)]
fn broken_pipe() -> io::Error {
    rustix::io::Errno::PIPE.into()
}

/// What a write would say.
#[cfg(not(unix))]
fn broken_pipe() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}
