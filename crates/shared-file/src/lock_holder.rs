use std::ffi::OsStr;
use std::fmt;

use crate::folder::Folder;

/// A program that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockHolder {
    /// Its process id.
    pub process: u32,
    /// Its name, in printable ASCII.
    pub program: String,
    /// Whether it is stopped (Ctrl-Z), so that it cannot release the lock.
    pub is_stopped: bool,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, program, is_stopped } = self;
        let stopped = if *is_stopped { ", stopped" } else { "" };
        write!(f, "{program} (pid {process}{stopped})")
    }
}

impl LockHolder {
    /// Finds the holder of the lock on `name`. Works on Linux, unless the program is in another
    /// container.
    #[cfg(target_os = "linux")]
    pub(crate) fn find(folder: &Folder, name: &OsStr) -> Option<Self> {
        use rustix::fs::{major, minor};
        use std::os::unix::fs::MetadataExt as _;
        let lock = folder.open_file(name).and_then(|file| file.metadata()).ok()?;
        let identity = (major(lock.dev()), minor(lock.dev()), lock.ino());
        // The system returns the list in parts, so an unlock in between can hide a line.
        let process = (0..3).find_map(|_| {
            let locks = std::fs::read_to_string("/proc/locks").ok()?;
            locks.lines().find_map(|line| parse_lock_line(line, identity))
        })?;
        let stat = std::fs::read(format!("/proc/{process}/stat")).ok()?;
        let (program, state) = program_and_state(&String::from_utf8_lossy(&stat))?;
        Some(Self { process, program, is_stopped: matches!(state, 'T' | 't') })
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn find(_: &Folder, _: &OsStr) -> Option<Self> {
        None
    }
}

/// The device and inode of a file, as in `/proc/locks`.
#[cfg(any(target_os = "linux", test))]
pub(crate) type Identity = (u32, u32, u64);

/// The process that holds the file, from one line of `/proc/locks`; a waiting one does not count.
///
/// ```text
/// 3: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF
/// ```
#[cfg(any(target_os = "linux", test))]
fn parse_lock_line(line: &str, (major, minor, inode): Identity) -> Option<u32> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, "FLOCK", _, _, process, file, ..] = fields[..] else { return None };
    let mut parts = file.split(':');
    let mut device = || u32::from_str_radix(parts.next()?, 16).ok();
    let (its_major, its_minor) = (device()?, device()?);
    // A layered file system (overlay, btrfs) has a second device number, which is not that of a disk.
    let is_disk = its_major != 0;
    let is_same = (its_major, its_minor) == (major, minor) || (!is_disk && major == 0);
    (is_same && parts.next()?.parse() == Ok(inode)).then_some(())?;
    process.parse().ok().filter(|&process| process > 0)
}

/// `1234 (codex) S …`; the name can contain anything.
#[cfg(any(target_os = "linux", test))]
fn program_and_state(stat: &str) -> Option<(String, char)> {
    let (_, rest) = stat.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let shown = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    Some((name.chars().map(shown).collect(), rest.trim_start().chars().next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Identity = (0xfe, 1, 5678);

    // threats 216
    #[test]
    fn lock_holder_is_parsed_from_proc_locks() {
        let held = "3: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF";
        assert_eq!(parse_lock_line(held, FILE), Some(1234));
        for other in [
            "3: -> FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF",
            "3: POSIX  ADVISORY  WRITE 1234 fe:01:5678 0 EOF",
            "3: FLOCK  ADVISORY  WRITE 1234 fe:01:5679 0 EOF",
            "3: FLOCK  ADVISORY  WRITE 1234 fe:02:5678 0 EOF",
            "3: FLOCK  ADVISORY  WRITE 0 fe:01:5678 0 EOF",
            "3: FLOCK  ADVISORY  WRITE -1 fe:01:5678 0 EOF",
            "3: FLOCK",
            "",
        ] {
            assert_eq!(parse_lock_line(other, FILE), None, "{other}");
        }
        let layered = "3: FLOCK  ADVISORY  WRITE 1234 00:2a:5678 0 EOF";
        assert_eq!(parse_lock_line(layered, (0, 0x31, 5678)), Some(1234));
    }

    // threats 216
    #[test]
    fn program_name_is_printable() {
        let read = |stat| program_and_state(stat).unwrap();
        assert_eq!(read("1234 (codex) S 1 1"), ("codex".to_owned(), 'S'));
        assert_eq!(read("1 (a) b) T 1"), ("a) b".to_owned(), 'T'));
        assert_eq!(read("1 (\u{1b}[2J\u{202e}) T 1"), ("?[2J?".to_owned(), 'T'));
        assert_eq!(program_and_state("1 (codex"), None);
        let stopped = LockHolder { process: 7, program: "login-cli".to_owned(), is_stopped: true };
        assert_eq!(stopped.to_string(), "login-cli (pid 7, stopped)");
    }
}
