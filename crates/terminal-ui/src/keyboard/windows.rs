use std::fs::File;
use std::io::{self, Read as _};
use std::time::Duration;

use dialoguer::console::{Key, Term};

use super::PAUSE;
use crate::stdin::unbuffered;

/// The typed keys: a console shows typed lines, but not single keys.
pub(super) enum Keys {
    Console(Term),
    /// A terminal that is not a console.
    Other(File),
}

impl Keys {
    /// Finds the console of standard input by an output to the same console.
    pub(super) fn open() -> io::Result<Self> {
        match [Term::stderr(), Term::stdout()].into_iter().find(Term::is_term) {
            Some(console) => Ok(Self::Console(console)),
            None => unbuffered().map(Self::Other),
        }
    }

    /// A console does not report whether there is a key: a read waits for the next one, and pastes are not
    /// recognized.
    pub(super) fn wait(&self, limit: Duration) -> io::Result<bool> {
        Ok(limit > PAUSE)
    }

    /// One character, or nothing for another key.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let console = match self {
            Self::Console(console) => console,
            Self::Other(input) => return input.read(&mut buffer[..1]),
        };
        let key = match console.read_key()? {
            Key::Enter => '\n',
            Key::Backspace => '\x08',
            Key::Escape => '\x1b',
            Key::Char(key) => key,
            _ => return Err(io::ErrorKind::Interrupted.into()),
        };
        Ok(key.encode_utf8(buffer).len())
    }
}
