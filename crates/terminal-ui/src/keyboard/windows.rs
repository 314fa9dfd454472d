use std::fs::File;
use std::io::{self, Read as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

use dialoguer::console::{Key, Term};
use zeroize::Zeroizing;

use crate::stdin::unbuffered;

/// The typed keys: a console shows typed lines, but not single keys.
///
/// A thread reads them, because a read of a console has no timeout, and a paste is recognized by the pause after it.
pub(super) struct Keys {
    inputs: Receiver<io::Result<Zeroizing<Vec<u8>>>>,
    next: Option<io::Result<Zeroizing<Vec<u8>>>>,
}

enum Source {
    Console(Term),
    /// A terminal that is not a console.
    Other(File),
}

impl Keys {
    pub(super) fn open() -> io::Result<Self> {
        let (sender, inputs) = channel();
        let mut source = Source::open()?;
        // The thread ends with the input, or with the next key after this is dropped.
        let read = move || {
            loop {
                let input = source.read();
                let has_ended = has_ended(&input);
                if sender.send(input).is_err() || has_ended {
                    break;
                }
            }
        };
        Builder::new().name("console".into()).spawn(read)?;
        Ok(Self { inputs, next: None })
    }

    /// Waits for input. False at the timeout.
    pub(super) fn wait(&mut self, limit: Duration) -> io::Result<bool> {
        if self.next.is_none() {
            self.next = match self.inputs.recv_timeout(limit) {
                Ok(input) => Some(input),
                Err(RecvTimeoutError::Timeout) => None,
                Err(error) => Some(Err(io::Error::other(error))),
            };
        }
        Ok(self.next.is_some())
    }

    /// One character of a console, or nothing for another key.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(input) = self.next.take().transpose()? else {
            return Err(io::ErrorKind::Interrupted.into());
        };
        buffer[..input.len()].copy_from_slice(&input);
        Ok(input.len())
    }
}

fn has_ended(input: &io::Result<Zeroizing<Vec<u8>>>) -> bool {
    match input {
        Ok(bytes) => bytes.is_empty(),
        Err(error) => error.kind() != io::ErrorKind::Interrupted,
    }
}

impl Source {
    /// Finds the console of standard input by an output to the same console.
    fn open() -> io::Result<Self> {
        match [Term::stderr(), Term::stdout()].into_iter().find(Term::is_term) {
            Some(console) => Ok(Self::Console(console)),
            None => unbuffered().map(Self::Other),
        }
    }

    fn read(&mut self) -> io::Result<Zeroizing<Vec<u8>>> {
        let console = match self {
            Self::Console(console) => console,
            Self::Other(input) => {
                let mut bytes = Zeroizing::new(vec![0; 1]);
                let count = input.read(&mut bytes)?;
                bytes.truncate(count);
                return Ok(bytes);
            }
        };
        let key = match console.read_key()? {
            Key::Enter => '\n',
            Key::Backspace => '\x08',
            Key::Escape => '\x1b',
            Key::Char(key) => key,
            _ => return Err(io::ErrorKind::Interrupted.into()),
        };
        Ok(Zeroizing::new(key.to_string().into_bytes()))
    }
}
