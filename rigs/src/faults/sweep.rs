//! What the two sweeps, of kills and of errors, have in common: a fault at one step of a run, and
//! the save after it.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Outcome;
use super::content::State;
use super::record::Step;
use super::scene::{Ended, Flow, Phase, Scene};
use super::tracer::{self, Injection};
use crate::report::Report;

/// What became of a run with a fault.
pub(super) struct Trial {
    pub(super) ended: Ended,
    pub(super) was_injected: bool,
    pub(super) state: State,
    pub(super) leftovers: Vec<String>,
    pub(super) gives_secret_away: bool,
    pub(super) next: Next,
}

/// What became of the save after it.
pub(super) struct Next {
    /// What is wrong with it.
    pub(super) fault: Option<String>,
    /// The refresh token was spent, and what it was spent for is not there.
    pub(super) is_lost: bool,
    pub(super) took: Duration,
}

/// Every step of a flow in one of its phases, in a run without faults.
pub(super) fn steps(program: &Path, flow: Flow, phase: Phase) -> Outcome<Vec<Step>> {
    let scene = Scene::set(program, flow, phase)?;
    let traced = tracer::run(&scene, phase, None)?;
    let (state, steps) = (scene.state()?, traced.steps(phase));
    if traced.ended.code != Some(0) || state != State::New || steps.len() < 10 {
        let words = traced.ended.in_words();
        return Err(format!("{} does not work under strace: {words}", flow.name()).into());
    }
    Ok(steps)
}

pub(super) fn attempt(
    program: &Path,
    flow: Flow,
    phase: Phase,
    injection: &Injection,
) -> Outcome<Trial> {
    let scene = Scene::set(program, flow, phase)?;
    let traced = tracer::run(&scene, phase, Some(injection))?;
    let state = scene.state()?;
    let leftovers = scene.home.leftovers()?;
    Ok(Trial {
        was_injected: traced.was_injected(),
        state,
        leftovers,
        gives_secret_away: scene.gives_away(&traced.ended.stderr),
        next: next(&scene, state)?,
        ended: traced.ended,
    })
}

/// Does the same once more, with no fault. After a logout, and where the sign-in is lost, somebody
/// signs in anew, as a person would.
fn next(scene: &Scene<'_>, state: State) -> Outcome<Next> {
    let was_spent = scene.refreshes() > 0;
    let begun = Instant::now();
    let again = scene.play(scene.flow)?;
    let took = begun.elapsed();
    let is_lost = was_spent && state == State::Old && again.code == Some(3);
    let mut fault = (again.code != Some(0) && !is_lost).then(|| again.in_words());
    if is_lost || scene.flow == Flow::Logout {
        let anew = scene.play(Flow::OtherKey)?;
        fault = fault.or_else(|| (anew.code != Some(0)).then(|| anew.in_words()));
    }
    let left = scene.home.leftovers()?;
    fault = fault.or_else(|| (!left.is_empty()).then(|| format!("leaves {}", left.join(", "))));
    Ok(Next { fault, is_lost, took })
}

/// What should not have happened, by its kind.
pub(super) struct Findings(Vec<(&'static str, Vec<String>)>);

impl Findings {
    /// Of these kinds.
    pub(super) fn with_kinds(kinds: &[&'static str]) -> Self {
        Self(kinds.iter().map(|kind| (*kind, Vec::new())).collect())
    }

    /// Keeps what was found of a kind.
    pub(super) fn add(&mut self, kind: &'static str, detail: String) {
        match self.0.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, details)) => details.push(detail),
            None => self.0.push((kind, vec![detail])),
        }
    }

    /// None of any kind is right.
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
