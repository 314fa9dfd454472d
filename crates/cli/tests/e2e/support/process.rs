use std::io;
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::thread;

use super::TEST_TIMEOUT;

/// A child process that a thread waits for, so that a test can wait with a deadline.
pub(super) struct Process {
    end: mpsc::Receiver<io::Result<ExitStatus>>,
    #[cfg(unix)]
    pub(super) id: rustix::process::Pid,
    #[cfg(unix)]
    has_ended: std::cell::Cell<bool>,
}

impl Process {
    pub(super) fn new(mut child: Child) -> Self {
        let (tell, end) = mpsc::channel();
        let process = Self {
            end,
            #[cfg(unix)]
            id: rustix::process::Pid::from_child(&child),
            #[cfg(unix)]
            has_ended: std::cell::Cell::new(false),
        };
        thread::spawn(move || tell.send(child.wait()));
        process
    }

    pub(super) fn ended(&self) -> Option<ExitStatus> {
        let status = self.end.recv_timeout(TEST_TIMEOUT).ok()?.unwrap();
        #[cfg(unix)]
        self.has_ended.set(true);
        Some(status)
    }
}

#[cfg(unix)]
impl Drop for Process {
    fn drop(&mut self) {
        // An id that was waited for may be somebody else's by now.
        if !self.has_ended.get() && self.end.try_recv().is_err() {
            let _ = rustix::process::kill_process(self.id, rustix::process::Signal::KILL);
            // Its port is free when it is gone.
            let _ = self.end.recv_timeout(TEST_TIMEOUT);
        }
    }
}
