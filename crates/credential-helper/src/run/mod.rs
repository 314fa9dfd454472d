mod pipes;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use pipes::{Chunk, Output, Stream, feed, forward};
use zeroize::Zeroizing;

/// How often it is looked whether the helper has ended, while something holds its output open. In
/// general the end of the output says so, at once.
const TICK: Duration = Duration::from_millis(20);

/// The pause between two looks at a helper that has closed its output and is about to end.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the output of a helper that has ended is still read. What it wrote is in the pipe by
/// then; only a program that it left behind can hold the pipe open for longer.
const GRACE: Duration = Duration::from_millis(200);

/// How long a killed helper may take to go. One that hangs in the kernel is left to the system.
const BURIAL: Duration = Duration::from_millis(100);

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
    /// One of its own, so that it can be killed with what it started. It cannot read from a terminal.
    Own,
    /// That of this program.
    Ours,
}

/// A helper to be started once.
pub(crate) struct Run<'a> {
    pub(crate) path: &'a Path,
    pub(crate) env: &'a [(OsString, OsString)],
    pub(crate) verb: &'static str,
    pub(crate) deadline: Deadline,
    pub(crate) group: Group,
    pub(crate) cancellation: &'a Cancellation,
}

/// Whether the caller does not want the answer any more.
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

/// How the helper ended, and what it wrote until then.
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Zeroizing<Vec<u8>>,
    pub(crate) stderr: Zeroizing<Vec<u8>>,
}

/// Why the end of the helper was not seen, or not waited for.
pub(crate) enum Failure {
    TimedOut,
    Cancelled,
    TooMuch,
    Io(io::Error),
}

impl Run<'_> {
    /// Runs the helper with `input`.
    ///
    /// Each pipe has a thread of its own, so that neither side waits for the other; this one only
    /// ever waits with a limit. When it gives up, a thread may stay behind, blocked by a program
    /// that left the helper's process group with the pipe open; it ends with that program.
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
            lead_a_group(&mut command);
        }
        command
    }
}

/// A helper that was started. Dropped before its end was seen, it is killed.
struct Running {
    child: Child,
    group: Group,
    /// The terminal that it may ask the person at, as it was before.
    terminal: Option<Terminal>,
    ended: bool,
}

impl Running {
    fn start(run: &Run<'_>) -> io::Result<Self> {
        let terminal = if run.group == Group::Ours { Terminal::before() } else { None };
        Ok(Self { child: run.command().spawn()?, group: run.group, terminal, ended: false })
    }

    fn connect(&mut self, input: Zeroizing<Vec<u8>>) -> io::Result<Receiver<Chunk>> {
        // A few chunks may wait, so that a helper which floods us fills no memory.
        let (sender, chunks) = sync_channel(4);
        if let Some(stdout) = self.child.stdout.take() {
            forward(stdout, Stream::Out, sender.clone())?;
        }
        if let Some(stderr) = self.child.stderr.take() {
            forward(stderr, Stream::Err, sender)?;
        }
        if let Some(stdin) = self.child.stdin.take() {
            feed(stdin, input)?;
        }
        Ok(chunks)
    }

    /// Waits for the end of the helper, and takes its output meanwhile.
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
                    // The signal that ended it may be on its way to this program as well.
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

    /// Kills the helper, and what it started where they have a group of their own. It was not waited for yet, so its id is its own still,
    /// even if it ended by itself a moment ago. That it is gone already is no failure.
    fn kill(&mut self) {
        if self.group == Group::Own {
            kill_group_of(&self.child);
        }
        let _ = self.child.kill();
    }

    /// A helper that was killed while it read a passphrase leaves a terminal that shows nothing of what is
    /// typed.
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
        while matches!(self.child.try_wait(), Ok(None)) && killed.elapsed() < BURIAL {
            thread::sleep(PAUSE);
        }
        self.restore_terminal();
    }
}

/// The modes of the terminal that controls this program.
#[cfg(unix)]
struct Terminal {
    file: std::fs::File,
    modes: rustix::termios::Termios,
}

#[cfg(unix)]
impl Terminal {
    fn before() -> Option<Self> {
        let file = std::fs::File::open("/dev/tty").ok()?;
        let modes = rustix::termios::tcgetattr(&file).ok()?;
        Some(Self { file, modes })
    }

    /// What was typed and not read is a part of a passphrase, and is thrown away. In the background, the
    /// terminal is another program's.
    fn restore(&self) {
        use rustix::termios::{OptionalActions, tcgetpgrp, tcsetattr};
        if tcgetpgrp(&self.file) == Ok(rustix::process::getpgrp()) {
            let _ = tcsetattr(&self.file, OptionalActions::Flush, &self.modes);
        }
    }
}

/// A console keeps its modes by itself.
#[cfg(not(unix))]
struct Terminal;

#[cfg(not(unix))]
impl Terminal {
    fn before() -> Option<Self> {
        None
    }

    fn restore(&self) {}
}

#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(unix)]
fn kill_group_of(leader: &Child) {
    let group = rustix::process::Pid::from_child(leader);
    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
}

/// There are no process groups on this system.
#[cfg(not(unix))]
fn lead_a_group(_command: &mut Command) {}

/// There are no process groups on this system.
#[cfg(not(unix))]
fn kill_group_of(_leader: &Child) {}
