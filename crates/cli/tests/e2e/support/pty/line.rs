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

/// The end of a terminal at which the person is.
pub(super) struct Line {
    person: File,
    keyboard: mpsc::Sender<Vec<u8>>,
}

/// The end at which the program is, until it has it.
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

    /// Everything that the program writes; it ends when nobody has the other end open any more.
    pub(super) fn output(&self) -> File {
        self.person.try_clone().unwrap()
    }

    pub(super) fn types(&self, bytes: &[u8]) {
        // Whoever types into a program that is gone is not heard.
        let _ = self.keyboard.send(bytes.to_vec());
    }

    /// The program is told by a signal.
    pub(super) fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.person, size).unwrap();
    }

    /// How the terminal treats what is typed.
    pub(super) fn modes(&self) -> Termios {
        tcgetattr(&self.person).unwrap()
    }

    pub(super) fn set_modes(&self, modes: &Termios) {
        tcsetattr(&self.person, OptionalActions::Now, modes).unwrap();
    }

    /// Whether what is typed is shown.
    pub(super) fn echoes(&self) -> bool {
        self.modes().local_modes.contains(LocalModes::ECHO)
    }
}

impl Other {
    pub(super) fn stream(&self) -> Stdio {
        self.0.try_clone().unwrap().into()
    }
}

/// A terminal takes a few kilobytes that nobody reads, and then lets whoever types wait: a thread of
/// its own does.
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
