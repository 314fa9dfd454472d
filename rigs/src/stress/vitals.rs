//! What a process needs of the machine, as Linux tells it.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The most of each that was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Vitals {
    /// Resident at once, in bytes.
    pub(super) memory: u64,
    pub(super) threads: u64,
    /// Open file descriptors.
    pub(super) descriptors: u64,
}

impl Vitals {
    /// Looks once; none when the process has ended, and on systems other than Linux.
    pub(super) fn read(process: u32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).ok()?.count();
        Self::in_status(&status, u64::try_from(descriptors).ok()?)
    }

    fn in_status(status: &str, descriptors: u64) -> Option<Self> {
        let memory = field(status, "VmHWM:")? * 1024;
        Some(Self { memory, threads: field(status, "Threads:")?, descriptors })
    }

    pub(super) fn most(self, other: Self) -> Self {
        Self {
            memory: self.memory.max(other.memory),
            threads: self.threads.max(other.threads),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }
}

/// The lines are `Threads: 1` and `VmHWM: 7384 kB`, with more space between.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Looks at a process all the time, but seldom enough not to slow it down.
pub(super) struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<Vitals>,
}

impl Watch {
    pub(super) fn begin(process: u32) -> Self {
        const EVERY: Duration = Duration::from_millis(50);
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut most = Vitals::default();
            while let Some(now) = Vitals::read(process) {
                most = most.most(now);
                if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            most
        });
        Self { stop, thread }
    }

    /// The most that was seen; all zero where the system does not tell.
    pub(super) fn end(self) -> Vitals {
        drop(self.stop);
        self.thread.join().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_of_each_is_kept() {
        let status = "Name:\tlogin-cli\nVmHWM:\t   7384 kB\nThreads:\t3\n";
        let busy = Vitals::in_status(status, 9).unwrap();
        assert_eq!(busy, Vitals { memory: 7384 * 1024, threads: 3, descriptors: 9 });
        let wide = Vitals { memory: 1, threads: 1, descriptors: 500 };
        assert_eq!(busy.most(wide), Vitals { descriptors: 500, ..busy });
        assert_eq!(Vitals::in_status("Name:\tlogin-cli\nState:\tZ (zombie)\n", 0), None);
    }
}
