//! Rows 119, 153 to 156: each system call fails with each error, once and from then on.

use std::path::Path;

use super::case::{Flow, Phase};
use super::content::State;
use super::strace::{Injection, What};
use super::strace_log::Syscall;
use super::trial::{self, Findings, Trial};
use super::{Numbers, Outcome, parallel};
use crate::progress;
use crate::report::Report;

/// Errors of any call: network and user-space file systems return errors that no manual lists.
const ERRORS: [&str; 6] = ["EIO", "ENOSPC", "EACCES", "EMFILE", "ENOMEM", "EDQUOT"];

const INTERRUPTED: &str = "EINTR";

/// The calls that can return it (POSIX).
const MAY_BE_INTERRUPTED: [&str; 9] =
    ["open", "openat", "read", "write", "fsync", "flock", "fchmod", "close", "ftruncate"];

const TORN: &str = "neither the old content nor the new";
const CRASH: &str = "ended by a signal or a panic";
const CODE: &str = "exit code that is not documented";
const FALSE_SUCCESS: &str = "reports success and did not save";
const SECRET: &str = "a secret on standard error";
const LEFTOVERS: &str = "more than one file left behind";
const INTERRUPTION: &str = "failed for an interruption";
const NO_POWER_WARNING: &str = "folder not flushed, and no warning";
const LOST: &str = "spent token lost for one error";
const NO_LOSS_WARNING: &str = "spent token lost for many errors, and no message";
const NEXT: &str = "next save that fails, or leaves something";

/// A planned fault.
struct Point {
    flow: Flow,
    phase: Phase,
    injection: Injection,
}

pub(super) fn run(program: &Path, numbers: &Numbers, report: &mut Report) -> Outcome<()> {
    let kinds = [
        TORN,
        CRASH,
        CODE,
        FALSE_SUCCESS,
        SECRET,
        LEFTOVERS,
        INTERRUPTION,
        NO_POWER_WARNING,
        LOST,
        NO_LOSS_WARNING,
        NEXT,
    ];
    let mut findings = Findings::with_kinds(&kinds);
    for flow in Flow::SAVING {
        progress(&format!("errors at every step: {}", flow.name()));
        let points = points(program, flow, numbers)?;
        let met = parallel::each(&points, |point| {
            let trial = trial::run(program, flow, point.phase, &point.injection)?;
            Ok((point, trial))
        })?;
        let injected = met.iter().filter(|(_, trial)| trial.was_injected).count();
        report.count(&format!("errors at each step: {}", flow.name()), injected, points.len());
        met.iter().for_each(|(point, trial)| judge(point, trial, &mut findings));
    }
    findings.report(report);
    Ok(())
}

/// All errors at all calls; for a short run, one error at each call.
fn points(program: &Path, flow: Flow, numbers: &Numbers) -> Outcome<Vec<Point>> {
    let mut points = Vec::new();
    for phase in flow.phases() {
        for (index, step) in trial::syscalls(program, flow, *phase)?.into_iter().enumerate() {
            let mut faults = faults_at(&step);
            if !numbers.every_error {
                faults = vec![faults[index % faults.len()]];
            }
            points.extend(faults.into_iter().map(|what| {
                let injection = Injection { step: step.clone(), what };
                Point { flow, phase: *phase, injection }
            }));
        }
    }
    Ok(points)
}

fn faults_at(step: &Syscall) -> Vec<What> {
    let both = |error| [What::Error(error), What::ErrorFromThenOn(error)];
    let mut faults: Vec<What> = ERRORS.into_iter().flat_map(both).collect();
    // A program may repeat an interrupted call without an end.
    if MAY_BE_INTERRUPTED.contains(&step.call.as_str()) {
        faults.push(What::Error(INTERRUPTED));
    }
    faults
}

fn judge(point: &Point, trial: &Trial, findings: &mut Findings) {
    let mut found = Vec::new();
    found.extend(wrong_end(trial));
    found.extend(wrong_content(trial));
    found.extend(wrong_words(point, trial));
    found.extend(trial.next.fault.as_ref().map(|_| NEXT));
    let Injection { step, .. } = &point.injection;
    for kind in found {
        let next = trial.next.fault.as_ref().filter(|_| kind == NEXT);
        let words = next.cloned().unwrap_or_else(|| trial.ended.summary());
        let (flow, injection) = (point.flow.name(), &point.injection);
        findings.add(kind, format!("{flow}: {injection} {step}: {words}"));
    }
}

fn wrong_end(trial: &Trial) -> Option<&'static str> {
    match trial.ended.code {
        None | Some(101) => Some(CRASH),
        Some(0 | 1) => None,
        Some(_) => Some(CODE),
    }
}

fn wrong_content(trial: &Trial) -> Vec<&'static str> {
    let is_pretence = trial.ended.code == Some(0) && trial.state == State::Old;
    [
        (TORN, trial.state == State::Torn),
        (FALSE_SUCCESS, is_pretence),
        (LEFTOVERS, trial.leftovers.len() > 1),
    ]
    .into_iter()
    .filter_map(|(kind, is_found)| is_found.then_some(kind))
    .collect()
}

/// Wrong or missing messages.
fn wrong_words(point: &Point, trial: &Trial) -> Vec<&'static str> {
    let Injection { step, what } = &point.injection;
    let says = |words| trial.ended.stderr.contains(words);
    let is_interruption = *what == What::Error(INTERRUPTED);
    let flushes_folder = step.call == "fsync" && step.is_on_folder();
    let tells_of_power = trial.ended.code == Some(1)
        && trial.state == State::New
        && says("may not survive a power loss");
    let is_once = matches!(what, What::Error(_));
    [
        (SECRET, trial.shows_secret),
        (INTERRUPTION, is_interruption && trial.ended.code != Some(0)),
        (NO_POWER_WARNING, flushes_folder && !is_interruption && is_once && !tells_of_power),
        (LOST, trial.next.is_lost && is_once),
        (NO_LOSS_WARNING, trial.next.is_lost && !is_once && !says("sign in again")),
    ]
    .into_iter()
    .filter_map(|(kind, is_found)| is_found.then_some(kind))
    .collect()
}
