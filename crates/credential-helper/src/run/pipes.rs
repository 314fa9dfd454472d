use std::io::{self, Read, Write};
use std::process::ChildStdin;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Deadline, Failure};

/// The most that a helper may answer, in bytes.
const MOST: usize = 1 << 20;

/// What is kept of standard error, and a piece more; its first line is quoted, and the rest is read
/// and forgotten.
const COMPLAINT: usize = 4096;

/// Writes the whole input and closes the pipe. A helper that does not read it has its reasons, and
/// says them: a closed pipe is no failure here.
pub(super) fn feed(mut stdin: ChildStdin, input: Zeroizing<Vec<u8>>) -> io::Result<()> {
    in_background(move || {
        let _ = stdin.write_all(&input);
    })
}

#[derive(Clone, Copy)]
pub(super) enum Stream {
    Out,
    Err,
}

pub(super) struct Chunk {
    from: Stream,
    bytes: Zeroizing<Vec<u8>>,
}

/// Sends what comes through the pipe, until its end or until nobody listens any more.
pub(super) fn forward(
    mut pipe: impl Read + Send + 'static,
    from: Stream,
    to: SyncSender<Chunk>,
) -> io::Result<()> {
    in_background(move || {
        let mut buffer = Zeroizing::new(vec![0; 8192]);
        while let Some(length) = read(&mut pipe, &mut buffer) {
            let bytes = Zeroizing::new(buffer[..length].to_vec());
            if to.send(Chunk { from, bytes }).is_err() {
                return;
            }
        }
    })
}

/// A pipe that cannot be read is at its end: how the helper ended says what became of it.
fn read(pipe: &mut impl Read, buffer: &mut [u8]) -> Option<usize> {
    loop {
        match pipe.read(buffer) {
            Ok(0) => return None,
            Ok(length) => return Some(length),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

fn in_background(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("credential-helper".to_owned()).spawn(work).map(drop)
}

/// What came so far, in pieces: one buffer would have to grow, and leave copies behind.
#[derive(Default)]
pub(super) struct Output {
    stdout: Vec<Zeroizing<Vec<u8>>>,
    stderr: Vec<Zeroizing<Vec<u8>>>,
}

impl Output {
    /// Takes the next piece, if it comes in time; whether all the pipes are closed instead.
    pub(super) fn take_one(
        &mut self,
        chunks: &Receiver<Chunk>,
        wait: Duration,
    ) -> Result<bool, Failure> {
        match chunks.recv_timeout(wait) {
            Ok(chunk) => self.take(chunk).map(|()| false),
            Err(RecvTimeoutError::Timeout) => Ok(false),
            Err(RecvTimeoutError::Disconnected) => Ok(true),
        }
    }

    /// Takes what is left, until the pipes are closed or the time is over.
    pub(super) fn drain(
        &mut self,
        chunks: &Receiver<Chunk>,
        wait: Duration,
    ) -> Result<(), Failure> {
        let grace = Deadline::from_now(wait);
        while !self.take_one(chunks, grace.left())? && !grace.left().is_zero() {}
        Ok(())
    }

    pub(super) fn stdout(&self) -> Zeroizing<Vec<u8>> {
        joined(&self.stdout)
    }

    pub(super) fn stderr(&self) -> Zeroizing<Vec<u8>> {
        joined(&self.stderr)
    }

    fn take(&mut self, chunk: Chunk) -> Result<(), Failure> {
        match chunk.from {
            Stream::Out => self.stdout.push(chunk.bytes),
            Stream::Err if length(&self.stderr) < COMPLAINT => self.stderr.push(chunk.bytes),
            Stream::Err => {}
        }
        if length(&self.stdout) > MOST { Err(Failure::TooMuch) } else { Ok(()) }
    }
}

fn length(chunks: &[Zeroizing<Vec<u8>>]) -> usize {
    chunks.iter().map(|chunk| chunk.len()).sum()
}

fn joined(chunks: &[Zeroizing<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
    let mut all = Zeroizing::new(Vec::with_capacity(length(chunks)));
    for chunk in chunks {
        all.extend_from_slice(chunk);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(from: Stream, letter: u8) -> Chunk {
        Chunk { from, bytes: vec![letter; COMPLAINT].into() }
    }

    // threats 180
    #[test]
    fn output_is_joined_in_a_buffer_that_never_grew() {
        let mut output = Output::default();
        for letter in *b"abc" {
            assert!(output.take(chunk(Stream::Out, letter)).is_ok());
        }
        let whole = output.stdout();
        assert_eq!(
            whole.as_slice(),
            [[b'a'; COMPLAINT], [b'b'; COMPLAINT], [b'c'; COMPLAINT]].concat()
        );
        assert_eq!(whole.capacity(), whole.len());
    }

    #[test]
    fn only_the_start_of_stderr_is_kept() {
        let mut output = Output::default();
        for letter in *b"abc" {
            assert!(output.take(chunk(Stream::Err, letter)).is_ok());
        }
        assert_eq!(output.stderr().as_slice(), [b'a'; COMPLAINT]);
        assert!(output.stdout().is_empty());
    }
}
