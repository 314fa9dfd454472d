//! A fault at one system call of a run, and the save after it.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Outcome;
use super::case::{Case, Ended, Flow, Phase};
use super::content::State;
use super::strace::{self, Injection};
use super::strace_log::Syscall;
use crate::report::Report;

/// The result of a run with a fault.
pub(super) struct Trial {
    pub(super) ended: Ended,
    pub(super) was_injected: bool,
    pub(super) state: State,
    pub(super) leftovers: Vec<String>,
    pub(super) shows_secret: bool,
    pub(super) next: Next,
}

/// The result of the next save.
pub(super) struct Next {
    /// Why it failed.
    pub(super) fault: Option<String>,
    /// The refresh token is spent, and its successor is not stored.
    pub(super) is_lost: bool,
    pub(super) took: Duration,
}

/// The calls of a flow in one phase, in a run without faults.
pub(super) fn syscalls(program: &Path, flow: Flow, phase: Phase) -> Outcome<Vec<Syscall>> {
    let case = Case::set(program, flow, phase)?;
    let traced = strace::run(&case, phase, None)?;
    let (state, steps) = (case.state()?, traced.steps(phase));
    if traced.ended.code != Some(0) || state != State::New || steps.len() < 10 {
        let words = traced.ended.summary();
        return Err(format!("{} does not work under strace: {words}", flow.name()).into());
    }
    Ok(steps)
}

pub(super) fn run(
    program: &Path,
    flow: Flow,
    phase: Phase,
    injection: &Injection,
) -> Outcome<Trial> {
    let case = Case::set(program, flow, phase)?;
    let traced = strace::run(&case, phase, Some(injection))?;
    let state = case.state()?;
    let leftovers = case.home.leftovers()?;
    Ok(Trial {
        was_injected: traced.was_injected(),
        state,
        leftovers,
        shows_secret: case.shows_secret(&traced.ended.stderr),
        next: next(&case, state)?,
        ended: traced.ended,
    })
}

/// Runs the flow again without a fault. After a logout or a loss, signs in as a person would.
fn next(case: &Case<'_>, state: State) -> Outcome<Next> {
    let was_spent = case.refreshes() > 0;
    let begun = Instant::now();
    let again = case.run_flow(case.flow)?;
    let took = begun.elapsed();
    let is_lost = was_spent && state == State::Old && again.code == Some(3);
    let mut fault = (again.code != Some(0) && !is_lost).then(|| again.summary());
    if is_lost || case.flow == Flow::Logout {
        let anew = case.run_flow(Flow::OtherKey)?;
        fault = fault.or_else(|| (anew.code != Some(0)).then(|| anew.summary()));
    }
    let left = case.home.leftovers()?;
    fault = fault.or_else(|| (!left.is_empty()).then(|| format!("leaves {}", left.join(", "))));
    Ok(Next { fault, is_lost, took })
}

/// Violations, by kind.
pub(super) struct Findings(Vec<(&'static str, Vec<String>)>);

impl Findings {
    /// No violations, of these kinds.
    pub(super) fn with_kinds(kinds: &[&'static str]) -> Self {
        Self(kinds.iter().map(|kind| (*kind, Vec::new())).collect())
    }

    /// Adds a violation.
    pub(super) fn add(&mut self, kind: &'static str, detail: String) {
        match self.0.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, details)) => details.push(detail),
            None => self.0.push((kind, vec![detail])),
        }
    }

    /// Reports a count for each kind; 0 is right.
    pub(super) fn report(&self, report: &mut Report) {
        const SHOWN: usize = 12;
        for (kind, details) in &self.0 {
            report.count(&format!("  {kind}"), details.len(), 0);
            for detail in details.iter().take(SHOWN) {
                report.detail(format!("{kind}: {detail}"));
            }
        }
    }
}
