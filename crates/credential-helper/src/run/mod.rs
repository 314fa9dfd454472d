mod pipes;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use pipes::{Chunk, Output, Stream, forward, write_stdin};
use zeroize::Zeroizing;

/// How often the helper is checked while its output is open. Usually the end of the output comes first.
const TICK: Duration = Duration::from_millis(20);

/// How often a helper that has closed its output is checked.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the output is read after the helper has ended. Its output is in the pipe by then; only a
/// background process of it can keep the pipe open longer.
const GRACE: Duration = Duration::from_millis(200);

/// How long to wait for a killed helper. One that hangs in the kernel is left alone.
const KILL_WAIT: Duration = Duration::from_millis(100);

/// The moment at which a call ends.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    started: Instant,
    after: Duration,
}

impl Deadline {
    pub(crate) fn from_now(after: Duration) -> Self {
        Self { started: Instant::now(), after }
    }

    fn left(self) -> Duration {
        self.after.saturating_sub(self.started.elapsed())
    }
}

/// The process group of a helper.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// A new one, so that it can be killed with its children. It cannot read from a terminal.
    Own,
    /// That of this program.
    Inherited,
}

/// One call of a helper.
pub(crate) struct Run<'a> {
    pub(crate) path: &'a Path,
    pub(crate) env: &'a [(OsString, OsString)],
    pub(crate) verb: &'static str,
    pub(crate) deadline: Deadline,
    pub(crate) group: Group,
    pub(crate) cancellation: &'a Cancellation,
}

/// Whether the caller has cancelled the call.
#[derive(Clone, Default)]
pub(crate) struct Cancellation(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Cancellation {
    pub(crate) fn new(is_cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(is_cancelled)))
    }

    fn check(&self) -> Result<(), Failure> {
        let is_cancelled = self.0.as_ref().is_some_and(|is_cancelled| is_cancelled());
        if is_cancelled { Err(Failure::Cancelled) } else { Ok(()) }
    }
}

/// The exit status and the output of a helper.
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Zeroizing<Vec<u8>>,
    pub(crate) stderr: Zeroizing<Vec<u8>>,
}

/// Why there is no exit status.
pub(crate) enum Failure {
    TimedOut,
    Cancelled,
    TooMuchOutput,
    Io(io::Error),
}

impl Run<'_> {
    /// Runs the helper with `input`.
    ///
    /// Each pipe has its own thread, so that neither side blocks the other; this thread always waits
    /// with a limit. After a timeout a thread may be left, blocked by a program that has left the
    /// process group with the pipe open; it ends with that program.
    pub(crate) fn with(&self, input: Zeroizing<Vec<u8>>) -> Result<Outcome, Failure> {
        self.cancellation.check()?;
        let mut running = Running::start(self).map_err(Failure::Io)?;
        let chunks = running.connect(input).map_err(Failure::Io)?;
        let mut output = Output::default();
        let status = running.end(&chunks, &mut output, self)?;
        output.drain(&chunks, GRACE.min(self.deadline.left()))?;
        Ok(Outcome { status, stdout: output.stdout(), stderr: output.stderr() })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.path);
        command.arg(self.verb).envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if self.group == Group::Own {
            set_process_group(&mut command);
        }
        command
    }
}

/// A running helper. It is killed on drop, unless it has ended.
struct Running {
    child: Child,
    group: Group,
    /// The terminal for its prompts, with the modes from before.
    terminal: Option<Terminal>,
    ended: bool,
}

impl Running {
    fn start(run: &Run<'_>) -> io::Result<Self> {
        let terminal = if run.group == Group::Inherited { Terminal::save_modes() } else { None };
        Ok(Self { child: run.command().spawn()?, group: run.group, terminal, ended: false })
    }

    fn connect(&mut self, input: Zeroizing<Vec<u8>>) -> io::Result<Receiver<Chunk>> {
        // A small queue, so that a helper with endless output does not fill the memory.
        let (sender, chunks) = sync_channel(4);
        if let Some(stdout) = self.child.stdout.take() {
            forward(stdout, Stream::Out, sender.clone())?;
        }
        if let Some(stderr) = self.child.stderr.take() {
            forward(stderr, Stream::Err, sender)?;
        }
        if let Some(stdin) = self.child.stdin.take() {
            write_stdin(stdin, input)?;
        }
        Ok(chunks)
    }

    /// Waits for the end of the helper and collects its output.
    fn end(
        &mut self,
        chunks: &Receiver<Chunk>,
        output: &mut Output,
        run: &Run<'_>,
    ) -> Result<ExitStatus, Failure> {
        loop {
            let closed = output.take_one(chunks, TICK.min(run.deadline.left()))?;
            if let Some(status) = self.child.try_wait().map_err(Failure::Io)? {
                self.ended = true;
                if status.code().is_none() {
                    self.restore_terminal();
                    // The same signal may be about to reach this program.
                    thread::sleep(TICK);
                    run.cancellation.check()?;
                }
                return Ok(status);
            }
            run.cancellation.check()?;
            if run.deadline.left().is_zero() {
                return Err(Failure::TimedOut);
            }
            if closed {
                thread::sleep(PAUSE);
            }
        }
    }

    /// Kills the helper, and its own process group. Its id is still valid, because it has not been reaped.
    /// It may have ended already.
    fn kill(&mut self) {
        if self.group == Group::Own {
            kill_process_group_of(&self.child);
        }
        let _ = self.child.kill();
    }

    /// A helper that was killed at a passphrase prompt leaves the echo off.
    fn restore_terminal(&self) {
        if let Some(terminal) = &self.terminal {
            terminal.restore();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.kill();
        let killed = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && killed.elapsed() < KILL_WAIT {
            thread::sleep(PAUSE);
        }
        self.restore_terminal();
    }
}

/// The controlling terminal and its modes.
#[cfg(unix)]
struct Terminal {
    file: std::fs::File,
    modes: rustix::termios::Termios,
}

#[cfg(unix)]
impl Terminal {
    fn save_modes() -> Option<Self> {
        let file = std::fs::File::open("/dev/tty").ok()?;
        let modes = rustix::termios::tcgetattr(&file).ok()?;
        Some(Self { file, modes })
    }

    /// Unread input is discarded: it is a part of a passphrase. In the background nothing is done,
    /// because another program uses the terminal.
    fn restore(&self) {
        use rustix::termios::{OptionalActions, tcgetpgrp, tcsetattr};
        if tcgetpgrp(&self.file) == Ok(rustix::process::getpgrp()) {
            let _ = tcsetattr(&self.file, OptionalActions::Flush, &self.modes);
        }
    }
}

/// A Windows console restores its modes.
#[cfg(not(unix))]
struct Terminal;

#[cfg(not(unix))]
impl Terminal {
    fn save_modes() -> Option<Self> {
        None
    }

    fn restore(&self) {}
}

#[cfg(unix)]
fn set_process_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(unix)]
fn kill_process_group_of(leader: &Child) {
    let group = rustix::process::Pid::from_child(leader);
    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
}

/// There are no process groups on this system.
#[cfg(not(unix))]
fn set_process_group(_command: &mut Command) {}

/// There are no process groups on this system.
#[cfg(not(unix))]
fn kill_process_group_of(_leader: &Child) {}
