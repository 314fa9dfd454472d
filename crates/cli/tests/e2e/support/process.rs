use std::io;
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::thread;

use super::TEST_TIMEOUT;

/// A child process with a waiting thread, so that tests can wait with a timeout.
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
        // The id of a process that has been waited for can be reused.
        if !self.has_ended.get() && self.end.try_recv().is_err() {
            let _ = rustix::process::kill_process(self.id, rustix::process::Signal::KILL);
            // The port is free after the process ends.
            let _ = self.end.recv_timeout(TEST_TIMEOUT);
        }
    }
}
