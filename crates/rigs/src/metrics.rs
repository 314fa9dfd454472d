//! Memory, threads and file descriptors of a process, from `/proc`.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The most of each that was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metrics {
    /// Resident at once, in bytes.
    pub(crate) memory: u64,
    pub(crate) threads: u64,
    /// Open file descriptors.
    pub(crate) descriptors: u64,
}

impl Metrics {
    /// `None` when the process has ended, and on systems other than Linux.
    pub(crate) fn read(process: u32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).ok()?.count();
        Self::in_status(&status, u64::try_from(descriptors).ok()?)
    }

    fn in_status(status: &str, descriptors: u64) -> Option<Self> {
        let memory = field(status, "VmHWM:")? * 1024;
        Some(Self { memory, threads: field(status, "Threads:")?, descriptors })
    }

    pub(crate) fn maximum(self, other: Self) -> Self {
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

/// Reads the metrics of a process from time to time, in a thread.
pub(crate) struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<Metrics>,
}

impl Watch {
    /// Reads them at this interval. A short one takes time of the machine.
    pub(crate) fn begin(process: u32, interval: Duration) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut most = Metrics::default();
            while let Some(now) = Metrics::read(process) {
                most = most.maximum(now);
                if stopped.recv_timeout(interval) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            most
        });
        Self { stop, thread }
    }

    /// The most that was seen; all zero on systems other than Linux.
    pub(crate) fn end(self) -> Metrics {
        drop(self.stop);
        self.thread.join().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maximum_of_each_metric_is_kept() {
        let status = "Name:\tlogin-cli\nVmHWM:\t   7384 kB\nThreads:\t3\n";
        let busy = Metrics::in_status(status, 9).unwrap();
        assert_eq!(busy, Metrics { memory: 7384 * 1024, threads: 3, descriptors: 9 });
        let wide = Metrics { memory: 1, threads: 1, descriptors: 500 };
        assert_eq!(busy.maximum(wide), Metrics { descriptors: 500, ..busy });
        assert_eq!(Metrics::in_status("Name:\tlogin-cli\nState:\tZ (zombie)\n", 0), None);
    }
}
