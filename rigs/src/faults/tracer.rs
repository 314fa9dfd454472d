//! Runs under `strace`, which writes down what touches the folder, and lets one step of it go wrong.
//!
//! `strace` counts the calls of each thread for itself, so that the N-th call of two threads cannot be
//! told apart. The program saves in another thread than the one it began with; therefore the save is
//! looked at in a run of its own, to which `strace` comes when the beginning is over.

use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use tempfile::NamedTempFile;

use super::Outcome;
use super::home::Home;
use super::record::{self, Record, Step};
use super::scene::{Ended, Phase, Scene};

const STRACE: &str = "strace";

/// What happens at a step, in the place of the call.
#[derive(Clone, Debug)]
pub(super) struct Injection {
    pub(super) step: Step,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Kill,
    /// The call fails, once.
    Error(&'static str),
    /// The call fails, and all later ones of its name.
    ErrorFromThenOn(&'static str),
}

/// Which calls are written down and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those that touch the folder.
    Folder,
    /// Those of these names.
    Process(&'static str),
}

/// A run that was looked at.
pub(super) struct Traced {
    pub(super) ended: Ended,
    log: String,
}

impl Traced {
    pub(super) fn was_injected(&self) -> bool {
        record::was_injected(&self.log)
    }

    /// What it did with the folder, step by step.
    pub(super) fn steps(&self, phase: Phase) -> Vec<Step> {
        let record = Record::parse(&self.log);
        match phase {
            Phase::Start => record.steps_of_first(),
            Phase::Save => record.steps_of_all(),
        }
    }
}

/// What would help where nothing can be traced.
pub(super) fn missing() -> Option<&'static str> {
    let exists = Command::new(STRACE).arg("--version").output().is_ok();
    if !exists {
        return Some("needs strace: apt-get install strace");
    }
    let may = may_attach().unwrap_or_default();
    (!may).then_some("strace may not attach here: run this as root, or in `unshare -Ur`")
}

fn may_attach() -> Outcome<bool> {
    let mut somebody = Command::new("sleep").arg("60").spawn()?;
    let attached = Attached::to(somebody.id(), &[]);
    somebody.kill()?;
    somebody.wait()?;
    Ok(attached.is_ok_and(|attached| attached.wait().is_ok()))
}

/// Runs the scene, with what goes wrong in it.
pub(super) fn run(
    scene: &Scene<'_>,
    phase: Phase,
    injection: Option<&Injection>,
) -> Outcome<Traced> {
    run_in(scene, phase, Scope::Folder, injection)
}

/// The same with an eye on other calls.
pub(super) fn run_in(
    scene: &Scene<'_>,
    phase: Phase,
    scope: Scope,
    injection: Option<&Injection>,
) -> Outcome<Traced> {
    let log = NamedTempFile::new()?;
    let arguments = arguments(&scene.home, log.path(), scope, injection);
    let ended = match phase {
        Phase::Start => started(scene, &arguments)?,
        Phase::Save => attached(scene, &arguments)?,
    };
    let log = std::fs::read_to_string(log.path())?;
    let folder = scene.home.path().to_string_lossy();
    Ok(Traced { ended, log: log.replace(&*folder, record::FOLDER) })
}

fn started(scene: &Scene<'_>, arguments: &[OsString]) -> Outcome<Ended> {
    let mut command = scene.command(STRACE.as_ref());
    command.args(arguments).arg(scene.program).args(scene.arguments(scene.flow));
    let mut child = command.spawn()?;
    scene.go_on(scene.flow, &mut child);
    Ended::wait(child)
}

fn attached(scene: &Scene<'_>, arguments: &[OsString]) -> Outcome<Ended> {
    let mut child = scene.begin(scene.flow)?;
    scene.wait_for_save(child.id())?;
    let strace = Attached::to(child.id(), arguments)?;
    scene.go_on(scene.flow, &mut child);
    let ended = Ended::wait(child)?;
    strace.wait()?;
    Ok(ended)
}

/// A `strace` that has come to a program.
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

/// What is written into files is not written down.
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

/// As `strace -e` has it.
impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Step { call, nth, .. } = &self.step;
        match self.what {
            What::Kill => write!(f, "inject={call}:signal=SIGKILL:when={nth}"),
            What::Error(error) => write!(f, "inject={call}:error={error}:when={nth}"),
            What::ErrorFromThenOn(error) => write!(f, "inject={call}:error={error}:when={nth}+"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_injection_is_written_as_strace_has_it() {
        let step = Step { call: "fsync".into(), nth: 2, arguments: "9</h>".into() };
        let text = |what| Injection { step: step.clone(), what }.to_string();
        assert_eq!(text(What::Kill), "inject=fsync:signal=SIGKILL:when=2");
        assert_eq!(text(What::Error("EIO")), "inject=fsync:error=EIO:when=2");
        assert_eq!(text(What::ErrorFromThenOn("EIO")), "inject=fsync:error=EIO:when=2+");
    }
}
