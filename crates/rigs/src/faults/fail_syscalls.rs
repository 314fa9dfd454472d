//! Rows 116, 119, 150 and 153 to 156: at each system call of a save, the program is killed, or the call fails with
//! each error, once and from then on.
//!
//! One gap remains: between the response of the issuer and the rename, only the program has the new
//! tokens. Tokens that a kill loses there are counted and are no fault.

use std::path::Path;
use std::time::Duration;

use super::case::{Flow, Phase};
use super::content::State;
use super::strace::{FaultKind, Injection};
use super::strace_log::Syscall;
use super::trial::{self, Findings, Trial};
use super::{Numbers, Outcome};
use crate::parallel;
use crate::progress;
use crate::report::Report;

/// Errors of any call: network and user-space file systems return errors that no manual lists.
const ERRORS: [&str; 6] = ["EIO", "ENOSPC", "EACCES", "EMFILE", "ENOMEM", "EDQUOT"];

const INTERRUPTED: &str = "EINTR";

/// The calls that can return it (POSIX).
const MAY_BE_INTERRUPTED: [&str; 9] =
    ["open", "openat", "read", "write", "fsync", "flock", "fchmod", "close", "ftruncate"];

const TORN: &str = "neither the old content nor the new";
const LEFTOVERS: &str = "more than one file left behind";
const NEXT: &str = "next save that fails, or leaves something";
const CRASH: &str = "ended by a signal or a panic";
const CODE: &str = "exit code that is not documented";
const FALSE_SUCCESS: &str = "reports success and did not save";
const SECRET: &str = "a secret on standard error";
const INTERRUPTION: &str = "failed for an interruption";
const NO_POWER_WARNING: &str = "folder not flushed, and no warning";
const LOST: &str = "spent token lost for one error";
const NO_LOSS_WARNING: &str = "spent token lost for many errors, and no message";
const KINDS: [&str; 11] = [
    TORN,
    LEFTOVERS,
    NEXT,
    CRASH,
    CODE,
    FALSE_SUCCESS,
    SECRET,
    INTERRUPTION,
    NO_POWER_WARNING,
    LOST,
    NO_LOSS_WARNING,
];

/// A planned fault.
struct Point {
    flow: Flow,
    phase: Phase,
    injection: Injection,
}

pub(super) fn run(program: &Path, numbers: &Numbers, report: &mut Report) -> Outcome<()> {
    let mut findings = Findings::with_kinds(&KINDS);
    let (mut lost, mut longest) = (0, Duration::ZERO);
    for flow in Flow::SAVING {
        progress(&format!("kills and errors at every step: {}", flow.name()));
        let points = points(program, flow, numbers)?;
        let met = parallel::each(&points, |point| {
            Ok((point, trial::run(program, flow, point.phase, &point.injection)?))
        })?;
        let injected = met.iter().filter(|(_, trial)| trial.was_injected).count();
        report.count(&format!("kills and errors: {}", flow.name()), injected, points.len());
        for (point, trial) in &met {
            record(point, trial, &mut findings);
            let is_kill = point.injection.kind == FaultKind::Kill;
            lost += usize::from(is_kill && trial.next.is_lost);
            // After a loss, the program waits for another process to save.
            if is_kill && !trial.next.is_lost {
                longest = longest.max(trial.next.took);
            }
        }
    }
    findings.report(report);
    report.note("  response lost with the program that waited for it", lost.to_string());
    report.time("  next save after a kill, the longest", Some(longest), Duration::from_secs(1));
    Ok(())
}

/// A kill and all errors at all calls; for a short run, a kill and one error.
fn points(program: &Path, flow: Flow, numbers: &Numbers) -> Outcome<Vec<Point>> {
    let mut points = Vec::new();
    for phase in flow.phases() {
        for (index, step) in trial::syscalls(program, flow, *phase)?.into_iter().enumerate() {
            let mut errors = errors_at(&step);
            if !numbers.every_error {
                errors = vec![errors[index % errors.len()]];
            }
            points.extend(errors.into_iter().chain([FaultKind::Kill]).map(|kind| {
                let injection = Injection { step: step.clone(), kind };
                Point { flow, phase: *phase, injection }
            }));
        }
    }
    Ok(points)
}

fn errors_at(step: &Syscall) -> Vec<FaultKind> {
    let both = |error| [FaultKind::Error(error), FaultKind::ErrorFromThenOn(error)];
    let mut errors: Vec<FaultKind> = ERRORS.into_iter().flat_map(both).collect();
    // A program may repeat an interrupted call without an end.
    if MAY_BE_INTERRUPTED.contains(&step.call.as_str()) {
        errors.push(FaultKind::Error(INTERRUPTED));
    }
    errors
}

fn record(point: &Point, trial: &Trial, findings: &mut Findings) {
    let mut found = vec![
        (TORN, trial.state == State::Torn),
        (LEFTOVERS, trial.leftovers.len() > 1),
        (NEXT, trial.next.fault.is_some()),
        (SECRET, trial.shows_secret),
    ];
    if point.injection.kind != FaultKind::Kill {
        found.extend(after_error(&point.injection, trial));
    }
    for (kind, _) in found.into_iter().filter(|(_, is_found)| *is_found) {
        let next = trial.next.fault.as_ref().filter(|_| kind == NEXT);
        let words = next.cloned().unwrap_or_else(|| trial.ended.summary());
        let (flow, injection) = (point.flow.name(), &point.injection);
        findings.add(kind, format!("{flow}: {injection} {}: {words}", injection.step));
    }
}

/// What must not follow an error, and whether it did: a wrong end, or a missing message.
fn after_error(Injection { step, kind }: &Injection, trial: &Trial) -> [(&'static str, bool); 7] {
    let (code, is_lost) = (trial.ended.code, trial.next.is_lost);
    let says = |words| trial.ended.stderr.contains(words);
    let is_crash = matches!(code, None | Some(101));
    let is_interruption = *kind == FaultKind::Error(INTERRUPTED);
    let is_once = matches!(kind, FaultKind::Error(_));
    let flush_fails = step.call == "fsync" && step.is_on_folder() && is_once && !is_interruption;
    let warns_of_power_loss =
        code == Some(1) && trial.state == State::New && says("may not survive a power loss");
    [
        (CRASH, is_crash),
        (CODE, !is_crash && !matches!(code, Some(0 | 1))),
        (FALSE_SUCCESS, code == Some(0) && trial.state == State::Old),
        (INTERRUPTION, is_interruption && code != Some(0)),
        (NO_POWER_WARNING, flush_fails && !warns_of_power_loss),
        (LOST, is_lost && is_once),
        (NO_LOSS_WARNING, is_lost && !is_once && !says("sign in again")),
    ]
}
