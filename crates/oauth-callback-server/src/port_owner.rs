/// A port on which another process listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortInUse {
    /// The port that was asked for.
    pub port: u16,
    /// Who listens there, as far as the system tells.
    pub owner: Option<PortOwner>,
}

/// Who listens on a port that we wanted, as far as the system tells without a connection to them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortOwner {
    /// The process, unless it belongs to another user.
    pub pid: Option<u32>,
    /// The name of its program, of printable characters only.
    pub program: Option<String>,
    /// The user who opened the socket.
    pub uid: Option<u32>,
    /// Whether it is the program that asks, run by the same user: where that program listens for
    /// nothing else, another sign-in is waiting.
    pub same_program: bool,
}

impl PortOwner {
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn of_port(_port: u16) -> Option<Self> {
        None
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn of_port(port: u16) -> Option<Self> {
        use crate::socket_table::{Family, sockets};
        let v4 = sockets(Family::V4);
        let socket = v4.chain(sockets(Family::V6)).find(|socket| socket.is_in_the_way_on(port))?;
        let pid = linux::process_with(socket.inode);
        let program = pid.and_then(linux::program);
        let same_program = pid.is_some_and(|pid| linux::is_of_us(socket.uid, pid));
        Some(Self { pid, program, uid: Some(socket.uid), same_program })
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fmt::Display;
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use printable::excerpt;

    /// The process that has this socket open; of other users' processes the system does not tell.
    pub(super) fn process_with(inode: u64) -> Option<u32> {
        let link = format!("socket:[{inode}]");
        let processes = fs::read_dir("/proc").ok()?.flatten();
        processes
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .find(|pid| has_open(*pid, Path::new(&link)))
    }

    fn has_open(pid: u32, link: &Path) -> bool {
        let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else {
            return false;
        };
        descriptors
            .flatten()
            .any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|target| target == link))
    }

    /// Whether this user runs this very program there.
    pub(super) fn is_of_us(uid: u32, pid: u32) -> bool {
        uid == rustix::process::geteuid().as_raw() && is_our_program(pid)
    }

    /// Where the system does not tell which file a process runs, its name has to do.
    fn is_our_program(pid: u32) -> bool {
        match (executable(pid), executable("self")) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => program("self").is_some_and(|ours| program(pid) == Some(ours)),
        }
    }

    /// The file that a process runs, also when it was replaced since.
    fn executable(process: impl Display) -> Option<(u64, u64)> {
        let file = fs::metadata(format!("/proc/{process}/exe")).ok()?;
        Some((file.dev(), file.ino()))
    }

    pub(super) fn program(process: impl Display) -> Option<String> {
        let name = fs::read(format!("/proc/{process}/comm")).ok()?;
        // The kernel keeps 15 bytes of it.
        let name = excerpt(&String::from_utf8_lossy(&name), 30);
        Some(name).filter(|name| !name.is_empty())
    }
}
