//! Runs the program under `strace`, which logs the calls in the folder and makes one of them fail.
//!
//! `strace` counts the calls of each thread for itself, so the N-th call of two threads cannot be told
//! apart. The program saves in a second thread, so the save is traced in a run of its own: `strace`
//! attaches after the start.

use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use tempfile::NamedTempFile;

use super::Outcome;
use super::case::{Case, Ended, Phase};
use super::home::Home;
use super::strace_log::{self, StraceLog, Syscall};

const STRACE: &str = "strace";

/// A fault instead of a call.
#[derive(Clone, Debug)]
pub(super) struct Injection {
    pub(super) step: Syscall,
    pub(super) kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    Kill,
    /// The call fails, once.
    Error(&'static str),
    /// The call fails, and all later ones of its name.
    ErrorFromThenOn(&'static str),
}

/// The calls that are logged and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those with a path in the folder.
    Folder,
    /// Those of these names.
    Process(&'static str),
}

/// A traced run.
pub(super) struct Traced {
    pub(super) ended: Ended,
    log: String,
}

impl Traced {
    pub(super) fn was_injected(&self) -> bool {
        strace_log::was_injected(&self.log)
    }

    /// Its calls in the folder.
    pub(super) fn steps(&self, phase: Phase) -> Vec<Syscall> {
        let record = StraceLog::parse(&self.log);
        match phase {
            Phase::Start => record.syscalls_of_first_thread(),
            Phase::Save => record.all_syscalls(),
        }
    }
}

/// What is missing for a trace.
pub(super) fn missing() -> Option<&'static str> {
    let exists = Command::new(STRACE).arg("--version").output().is_ok();
    if !exists {
        return Some("needs strace: apt-get install strace");
    }
    let may = can_trace().unwrap_or_default();
    (!may).then_some("strace may not attach here: run this as root, or in `unshare -Ur`")
}

fn can_trace() -> Outcome<bool> {
    let mut somebody = Command::new("sleep").arg("60").spawn()?;
    let attached = Attached::to(somebody.id(), &[]);
    somebody.kill()?;
    somebody.wait()?;
    Ok(attached.is_ok_and(|attached| attached.wait().is_ok()))
}

/// Runs the case with a fault.
pub(super) fn run(case: &Case<'_>, phase: Phase, injection: Option<&Injection>) -> Outcome<Traced> {
    run_in(case, phase, Scope::Folder, injection)
}

/// The same for other calls.
pub(super) fn run_in(
    case: &Case<'_>,
    phase: Phase,
    scope: Scope,
    injection: Option<&Injection>,
) -> Outcome<Traced> {
    let log = NamedTempFile::new()?;
    let arguments = arguments(&case.home, log.path(), scope, injection);
    let ended = match phase {
        Phase::Start => started(case, &arguments)?,
        Phase::Save => attached(case, &arguments)?,
    };
    let log = std::fs::read_to_string(log.path())?;
    let folder = case.home.path().to_string_lossy();
    Ok(Traced { ended, log: log.replace(&*folder, strace_log::FOLDER) })
}

fn started(case: &Case<'_>, arguments: &[OsString]) -> Outcome<Ended> {
    let mut command = case.command(STRACE.as_ref());
    command.args(arguments).arg(case.program).args(case.arguments(case.flow));
    let mut child = command.spawn()?;
    case.release(case.flow, &mut child);
    Ended::wait(child)
}

fn attached(case: &Case<'_>, arguments: &[OsString]) -> Outcome<Ended> {
    let mut child = case.begin(case.flow)?;
    case.wait_for_save(child.id())?;
    let strace = Attached::to(child.id(), arguments)?;
    case.release(case.flow, &mut child);
    let ended = Ended::wait(child)?;
    strace.wait()?;
    Ok(ended)
}

/// An attached `strace`.
struct Attached {
    strace: Child,
    stderr: BufReader<ChildStderr>,
}

impl Attached {
    fn to(process: u32, arguments: &[OsString]) -> Outcome<Self> {
        let mut command = Command::new(STRACE);
        command.args(arguments).arg("-p").arg(process.to_string());
        let mut strace = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let stderr = strace.stderr.take().ok_or("strace says nothing")?;
        let mut attached = Self { strace, stderr: BufReader::new(stderr) };
        let mut line = String::new();
        attached.stderr.read_line(&mut line)?;
        if line.contains(" attached") {
            return Ok(attached);
        }
        attached.wait()?;
        Err(line.trim_end().into())
    }

    /// It ends with the program.
    fn wait(mut self) -> Outcome<()> {
        std::io::copy(&mut self.stderr, &mut std::io::sink())?;
        self.strace.wait()?;
        Ok(())
    }
}

/// `-s 0` keeps file contents out of the log.
fn arguments(
    home: &Home,
    log: &Path,
    scope: Scope,
    injection: Option<&Injection>,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["-f", "-y", "-s", "0", "-o"].map(Into::into).into();
    arguments.push(log.into());
    match scope {
        Scope::Folder => {
            let paths = home.touched().flat_map(|path| ["-P".into(), path.into()]);
            arguments.extend(paths);
        }
        Scope::Process(calls) => arguments.extend(["-e".into(), format!("trace={calls}").into()]),
    }
    if let Some(injection) = injection {
        arguments.extend(["-e".into(), injection.to_string().into()]);
    }
    arguments
}

/// The argument of `strace -e`.
impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Syscall { call, nth, .. } = &self.step;
        match self.kind {
            FaultKind::Kill => write!(f, "inject={call}:signal=SIGKILL:when={nth}"),
            FaultKind::Error(error) => write!(f, "inject={call}:error={error}:when={nth}"),
            FaultKind::ErrorFromThenOn(error) => {
                write!(f, "inject={call}:error={error}:when={nth}+")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn injection_has_the_syntax_of_strace() {
        let step = Syscall { call: "fsync".into(), nth: 2, arguments: "9</h>".into() };
        let text = |kind| Injection { step: step.clone(), kind }.to_string();
        assert_eq!(text(FaultKind::Kill), "inject=fsync:signal=SIGKILL:when=2");
        assert_eq!(text(FaultKind::Error("EIO")), "inject=fsync:error=EIO:when=2");
        assert_eq!(text(FaultKind::ErrorFromThenOn("EIO")), "inject=fsync:error=EIO:when=2+");
    }
}
