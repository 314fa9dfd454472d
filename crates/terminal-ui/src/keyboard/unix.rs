use std::fs::File;
use std::io::{self, Read as _};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::stdin::unbuffered;

/// The typed bytes.
pub(super) struct Keys(File);

impl Keys {
    pub(super) fn open() -> io::Result<Self> {
        unbuffered().map(Self)
    }

    /// Waits for input. False at the timeout.
    pub(super) fn wait(&mut self, limit: Duration) -> io::Result<bool> {
        let mut terminal = [PollFd::new(&self.0, PollFlags::IN)];
        let limit = Timespec { tv_sec: 0, tv_nsec: i64::from(limit.subsec_nanos()) };
        match poll(&mut terminal, Some(&limit)) {
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}
