//! The example of `native-oauth`, as a child process.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::program::is_address;

/// How long the example may be silent.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running example. It is killed when this is dropped.
pub(super) struct Example {
    child: Child,
    lines: Receiver<String>,
    said: String,
    shows_address: bool,
}

/// How it ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) is_success: bool,
    /// Whether it showed an address.
    pub(super) shows_address: bool,
    /// Standard output; null if that is empty.
    pub(super) document: Value,
    /// Standard error.
    pub(super) said: String,
}

impl Example {
    pub(super) fn start(command: &mut Command) -> Result<Self, Box<dyn Error>> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let stderr = child.stderr.take().ok_or("no standard error")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(stderr).lines().map_while(Result::ok);
            lines.take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
        });
        Ok(Self { child, lines, said: String::new(), shows_address: false })
    }

    /// The next line of standard error; `None` at its end.
    fn next(&mut self) -> Result<Option<String>, Box<dyn Error>> {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};

        match self.lines.recv_timeout(TIMEOUT) {
            Ok(line) => {
                self.said += &format!("{line}\n");
                Ok(Some(line))
            }
            Err(Disconnected) => Ok(None),
            Err(Timeout) => Err(format!("it does not end, and says:\n{}", self.said).into()),
        }
    }

    /// The address to open; `None` if it ends without one.
    pub(super) fn address(&mut self) -> Result<Option<String>, Box<dyn Error>> {
        while let Some(line) = self.next()? {
            if is_address(&line) {
                self.shows_address = true;
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// Waits until it ends.
    pub(super) fn finish(mut self) -> Result<Ended, Box<dyn Error>> {
        while self.next()?.is_some() {}
        let mut stdout = String::new();
        self.child.stdout.take().ok_or("no standard output")?.read_to_string(&mut stdout)?;
        let document = serde_json::from_str(&stdout).unwrap_or_default();
        let (is_success, shows_address) = (self.child.wait()?.success(), self.shows_address);
        Ok(Ended { is_success, shows_address, document, said: std::mem::take(&mut self.said) })
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
