/// Who listens on a port that we wanted, as far as the system tells without a connection to them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The process, unless it belongs to another user.
    pub pid: Option<u32>,
    /// The name of its program, of printable characters only.
    pub program: Option<String>,
    /// The user who opened the socket.
    pub uid: Option<u32>,
}

impl Holder {
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn of_port(_port: u16) -> Option<Self> {
        None
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn of_port(port: u16) -> Option<Self> {
        use crate::socket_table::{Family, sockets};
        let v4 = sockets(Family::V4).into_iter();
        let socket = v4.chain(sockets(Family::V6)).find(|socket| socket.is_in_the_way_on(port))?;
        let pid = linux::process_with(socket.inode);
        Some(Self { pid, program: pid.and_then(linux::program), uid: Some(socket.uid) })
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
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

    pub(super) fn program(pid: u32) -> Option<String> {
        let name = fs::read(format!("/proc/{pid}/comm")).ok()?;
        // The kernel keeps 15 bytes of it.
        let name = excerpt(&String::from_utf8_lossy(&name), 30);
        Some(name).filter(|name| !name.is_empty())
    }
}
