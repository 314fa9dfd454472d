use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{
    LocalModes, OptionalActions, Termios, Winsize, tcgetattr, tcsetattr, tcsetwinsize,
};

/// The master side of a pseudo-terminal.
pub(super) struct Line {
    person: File,
    keyboard: mpsc::Sender<Vec<u8>>,
}

/// The slave side of a pseudo-terminal.
pub(super) struct Other(OwnedFd);

impl Line {
    pub(super) fn open(columns: u16, rows: u16) -> (Self, Other) {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let person = openpt(flags).unwrap();
        unlockpt(&person).unwrap();
        let other = Other(ioctl_tiocgptpeer(&person, flags).unwrap());
        let person = File::from(person);
        let line = Self { keyboard: keyboard(person.try_clone().unwrap()), person };
        line.resize(columns, rows);
        (line, other)
    }

    /// The output of the program. It ends when the slave side is closed.
    pub(super) fn output(&self) -> File {
        self.person.try_clone().unwrap()
    }

    pub(super) fn types(&self, bytes: &[u8]) {
        // Typing to an exited program has no effect.
        let _ = self.keyboard.send(bytes.to_vec());
    }

    /// The system sends SIGWINCH to the program.
    pub(super) fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.person, size).unwrap();
    }

    /// The terminal modes.
    pub(super) fn modes(&self) -> Termios {
        tcgetattr(&self.person).unwrap()
    }

    pub(super) fn set_modes(&self, modes: &Termios) {
        tcsetattr(&self.person, OptionalActions::Now, modes).unwrap();
    }

    /// Whether echo is on.
    pub(super) fn echoes(&self) -> bool {
        self.modes().local_modes.contains(LocalModes::ECHO)
    }
}

impl Other {
    pub(super) fn stream(&self) -> Stdio {
        self.0.try_clone().unwrap().into()
    }
}

/// A full terminal buffer blocks the writer, so a separate thread writes.
fn keyboard(mut terminal: File) -> mpsc::Sender<Vec<u8>> {
    let (keys, typed) = mpsc::channel::<Vec<u8>>();
    thread::spawn(move || {
        for bytes in typed {
            if terminal.write_all(&bytes).is_err() {
                return;
            }
        }
    });
    keys
}
