//! Rows 116 and 150: the program is killed before each system call, in one run for each.
//!
//! One gap remains: between the response of the issuer and the rename, only the program has the new
//! tokens. Such losses are counted and are no fault.

use std::path::Path;
use std::time::Duration;

use super::case::Flow;
use super::content::State;
use super::strace::{Injection, What};
use super::trial::{self, Findings, Trial};
use super::{Outcome, parallel};
use crate::progress;
use crate::report::Report;

const TORN: &str = "neither the old content nor the new";
const LEFTOVERS: &str = "more than one file left behind";
const NEXT: &str = "next save that fails, or leaves something";

pub(super) fn run(program: &Path, report: &mut Report) -> Outcome<()> {
    let mut findings = Findings::with_kinds(&[TORN, LEFTOVERS, NEXT]);
    let (mut lost, mut longest) = (0, Duration::ZERO);
    for flow in Flow::SAVING {
        progress(&format!("kills at every step: {}", flow.name()));
        let (steps, trials) = trials(program, flow)?;
        let is_kill = |(_, trial): &&(_, Trial)| trial.was_injected && trial.ended.code.is_none();
        let killed = trials.iter().filter(is_kill).count();
        report.count(&format!("killed at each step: {}", flow.name()), killed, steps);
        for (step, trial) in &trials {
            judge(step, trial, &mut findings);
            lost += usize::from(trial.next.is_lost);
            // After a loss, the program waits for another process to save.
            if !trial.next.is_lost {
                longest = longest.max(trial.next.took);
            }
        }
    }
    findings.report(report);
    report.note("  answer lost with the program that waited for it", lost.to_string());
    report.time("  next save, the longest", Some(longest), Duration::from_secs(1));
    Ok(())
}

/// The number of calls, and a trial for each.
fn trials(program: &Path, flow: Flow) -> Outcome<(usize, Vec<(String, Trial)>)> {
    let mut points = Vec::new();
    for phase in flow.phases() {
        let steps = trial::syscalls(program, flow, *phase)?;
        points.extend(steps.into_iter().map(|step| (*phase, step)));
    }
    let trials = parallel::each(&points, |(phase, step)| {
        let injection = Injection { step: step.clone(), what: What::Kill };
        let trial = trial::run(program, flow, *phase, &injection)?;
        Ok((format!("{}: {step}", flow.name()), trial))
    })?;
    Ok((points.len(), trials))
}

fn judge(step: &str, trial: &Trial, findings: &mut Findings) {
    if trial.state == State::Torn {
        findings.add(TORN, step.to_owned());
    }
    if trial.leftovers.len() > 1 {
        findings.add(LEFTOVERS, format!("{step}: {}", trial.leftovers.join(", ")));
    }
    if let Some(fault) = &trial.next.fault {
        findings.add(NEXT, format!("{step}: {fault}"));
    }
}
