/// A port on which another process listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortInUse {
    /// The port.
    pub port: u16,
    /// The process that listens there, as far as the system reports it.
    pub owner: Option<PortOwner>,
}

/// The process that listens on a port, as far as the system reports it. Nothing is sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortOwner {
    /// The process id, unless the process belongs to another user.
    pub pid: Option<u32>,
    /// The name of its program, in printable characters only.
    pub program: Option<String>,
    /// The user who has the socket.
    pub uid: Option<u32>,
    /// Whether it runs this program, as the same user. If this program listens only for callbacks, another
    /// sign-in is waiting.
    pub same_program: bool,
}

impl PortOwner {
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn of_port(_port: u16) -> Option<Self> {
        None
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn of_port(port: u16) -> Option<Self> {
        linux::owner(port)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fmt::Display;
    use std::fs;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use printable::excerpt;

    use super::PortOwner;
    use crate::sock_diag::listener;

    pub(super) fn owner(port: u16) -> Option<PortOwner> {
        let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let mut addresses = loopback.into_iter().map(|ip| SocketAddr::new(ip, port));
        let socket = addresses.find_map(|address| listener(address).ok()?)?;
        let pid = process_with(socket.inode);
        let program = pid.and_then(program);
        let same_program = pid.is_some_and(|pid| is_same_program(socket.uid, pid));
        Some(PortOwner { pid, program, uid: Some(socket.uid), same_program })
    }

    /// The process that has this socket open. The system hides processes of other users.
    fn process_with(inode: u32) -> Option<u32> {
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

    /// Whether the process runs this program, as this user. Compares the names if the system hides the file of a process.
    fn is_same_program(uid: u32, pid: u32) -> bool {
        let is_same = match (executable(pid), executable("self")) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => program("self").is_some_and(|ours| program(pid) == Some(ours)),
        };
        is_same && uid == rustix::process::geteuid().as_raw()
    }

    /// The file that a process runs, even if it was replaced since.
    fn executable(process: impl Display) -> Option<(u64, u64)> {
        let file = fs::metadata(format!("/proc/{process}/exe")).ok()?;
        Some((file.dev(), file.ino()))
    }

    fn program(process: impl Display) -> Option<String> {
        let name = fs::read(format!("/proc/{process}/comm")).ok()?;
        // The kernel keeps 15 bytes of it.
        let name = excerpt(&String::from_utf8_lossy(&name), 30);
        Some(name).filter(|name| !name.is_empty())
    }
}
