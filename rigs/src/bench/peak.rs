use std::fs;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Watches how much memory a process has needed, until it ends.
///
/// `wait4` would tell as well, but its figure begins with that of the process that started it,
/// which is larger than what is measured here. It is known on Linux only.
pub(super) struct Peak(JoinHandle<Option<u64>>);

impl Peak {
    pub(super) fn watch(process: u32) -> Self {
        Self(thread::spawn(move || {
            let mut highest = None;
            // The figure only grows, and is gone with the process.
            while let Some(now) = high_water_mark(process) {
                highest = Some(now);
                thread::sleep(Duration::from_micros(500));
            }
            highest
        }))
    }

    /// The last figure before the end, in bytes.
    pub(super) fn highest(self) -> Option<u64> {
        self.0.join().ok().flatten()
    }
}

fn high_water_mark(process: u32) -> Option<u64> {
    in_status(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

/// The line is `VmHWM:      7384 kB`, where a kB is 1024 bytes.
fn in_status(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read_in_bytes() {
        let status = "Name:\tlogin-cli\nVmPeak:\t   9000 kB\nVmHWM:\t   7384 kB\nVmRSS:\t 10 kB\n";
        assert_eq!(in_status(status), Some(7384 * 1024));
        assert_eq!(in_status("Name:\tlogin-cli\nState:\tZ (zombie)\n"), None);
    }
}
