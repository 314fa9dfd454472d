use std::io::{self, Read, Write};
use std::process::ChildStdin;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Deadline, Failure};

/// The longest answer in bytes.
const STDOUT_LIMIT: usize = 1 << 20;

/// How much of standard error is kept, up to one chunk more. Only its first line is used.
const STDERR_LIMIT: usize = 4096;

/// Writes the input and closes the pipe. A closed pipe is not an error: the helper reports its own.
pub(super) fn write_stdin(mut stdin: ChildStdin, input: Zeroizing<Vec<u8>>) -> io::Result<()> {
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

/// Sends the content of the pipe, until its end or until the receiver is gone.
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

/// An unreadable pipe counts as its end; the exit status tells the rest.
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

/// The output so far, in chunks: a buffer that grows leaves copies behind.
#[derive(Default)]
pub(super) struct Output {
    stdout: Vec<Zeroizing<Vec<u8>>>,
    stderr: Vec<Zeroizing<Vec<u8>>>,
}

impl Output {
    /// Receives one chunk within this time. True if all pipes are closed.
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

    /// Receives the rest, until the pipes are closed or the time is over.
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
        concat(&self.stdout)
    }

    pub(super) fn stderr(&self) -> Zeroizing<Vec<u8>> {
        concat(&self.stderr)
    }

    fn take(&mut self, chunk: Chunk) -> Result<(), Failure> {
        match chunk.from {
            Stream::Out => self.stdout.push(chunk.bytes),
            Stream::Err if length(&self.stderr) < STDERR_LIMIT => self.stderr.push(chunk.bytes),
            Stream::Err => {}
        }
        if length(&self.stdout) > STDOUT_LIMIT { Err(Failure::TooMuchOutput) } else { Ok(()) }
    }
}

fn length(chunks: &[Zeroizing<Vec<u8>>]) -> usize {
    chunks.iter().map(|chunk| chunk.len()).sum()
}

fn concat(chunks: &[Zeroizing<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
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
        Chunk { from, bytes: vec![letter; STDERR_LIMIT].into() }
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
            [[b'a'; STDERR_LIMIT], [b'b'; STDERR_LIMIT], [b'c'; STDERR_LIMIT]].concat()
        );
        assert_eq!(whole.capacity(), whole.len());
    }

    #[test]
    fn only_the_start_of_stderr_is_kept() {
        let mut output = Output::default();
        for letter in *b"abc" {
            assert!(output.take(chunk(Stream::Err, letter)).is_ok());
        }
        assert_eq!(output.stderr().as_slice(), [b'a'; STDERR_LIMIT]);
        assert!(output.stdout().is_empty());
    }
}
