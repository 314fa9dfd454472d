//! Row 215: the issuer has spent the refresh token and holds the response; then memory or descriptors run out,
//! and the new tokens have to be stored all the same.
//!
//! `strace` makes each call that takes memory or a descriptor fail, once and from then on. Errors of the calls in
//! the folder are in `fail_syscalls.rs`, and full disks and real limits in `exhaustion.rs`.

use std::collections::BTreeSet;
use std::path::Path;

use super::case::{Case, Ended, Flow, Phase};
use super::content::State;
use super::strace::{self, FaultKind, Injection, Scope};
use super::strace_log::Syscall;
use super::trial::Findings;
use super::{Numbers, Outcome};
use crate::parallel;
use crate::progress;
use crate::report::Report;

/// From a usual document to nearly the largest that is read.
pub(super) const LENGTHS: [usize; 6] = [2_000, 20_000, 64_000, 200_000, 500_000, 900_000];

/// Calls that take memory, or a thread.
const MEMORY: &str = "mmap,mremap,brk,mprotect,clone,clone3";

/// Calls that take a descriptor.
const DESCRIPTORS: &str =
    "open,openat,socket,accept4,dup,eventfd2,epoll_create1,pipe2,memfd_create";

const LOST: &str = "spent tokens that are lost";

/// A planned fault.
struct Point {
    length: usize,
    calls: &'static str,
    injection: Injection,
}

/// The state of the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Its successor is stored.
    Kept,
    /// No request was sent.
    Unspent,
    Lost,
}

impl Token {
    pub(super) fn from_state(state: State, refreshes: usize) -> Self {
        match (state, refreshes) {
            (State::New, _) => Self::Kept,
            (State::Old, 0) => Self::Unspent,
            _ => Self::Lost,
        }
    }
}

pub(super) fn run(program: &Path, numbers: &Numbers, report: &mut Report) -> Outcome<()> {
    let mut findings = Findings::with_kinds(&[LOST]);
    let lengths = if numbers.every_error { &LENGTHS[..] } else { &LENGTHS[..1] };
    let mut runs = 0;
    for &length in lengths {
        progress(&format!("a spent token and {length} bytes"));
        let points = points(program, length)?;
        let met = parallel::each(&points, |point| Ok((point, attempt(program, point)?)))?;
        runs += met.len();
        for (point, (_, ended)) in met.iter().filter(|(_, (token, _))| *token == Token::Lost) {
            let Injection { step, .. } = &point.injection;
            let fault = format!("{} {step}", point.injection);
            findings.add(LOST, format!("{length} bytes: {fault}: {}", ended.summary()));
        }
    }
    report.note("calls for memory or descriptors after a token is spent", runs.to_string());
    findings.report(report);
    Ok(())
}

fn attempt(program: &Path, point: &Point) -> Outcome<(Token, Ended)> {
    let case = Case::with_document(program, point.length)?;
    let scope = Scope::Process(point.calls);
    let traced = strace::run_in(&case, Phase::Save, scope, Some(&point.injection))?;
    let mut token = Token::from_state(case.state()?, case.refreshes());
    if token == Token::Lost && !case.home.leftovers()?.is_empty() {
        // The next refresh renames the temporary file, without a request.
        case.run_flow(Flow::Refresh)?;
        let is_kept = case.state()? == State::New && case.refreshes() == 1;
        token = if is_kept { Token::Kept } else { Token::Lost };
    }
    Ok((token, traced.ended))
}

fn points(program: &Path, length: usize) -> Outcome<Vec<Point>> {
    let mut points = Vec::new();
    for (calls, error) in [(MEMORY, "ENOMEM"), (DESCRIPTORS, "EMFILE"), (DESCRIPTORS, "ENFILE")] {
        let point = |step, kind| Point { length, calls, injection: Injection { step, kind } };
        let all = Syscall { call: calls.to_owned(), nth: 1, arguments: String::new() };
        points.push(point(all, FaultKind::ErrorFromThenOn(error)));
        let each = steps(program, length, calls)?.into_iter();
        points.extend(each.map(|step| point(step, FaultKind::Error(error))));
    }
    Ok(points)
}

/// The calls of a run without faults, from the request on.
fn steps(program: &Path, length: usize, calls: &'static str) -> Outcome<Vec<Syscall>> {
    let case = Case::with_document(program, length)?;
    let traced = strace::run_in(&case, Phase::Save, Scope::Process(calls), None)?;
    if traced.ended.code != Some(0) || case.state()? != State::New {
        let words = traced.ended.summary();
        return Err(format!("a refresh does not work under strace: {words}").into());
    }
    let mut seen = BTreeSet::new();
    let steps = traced.steps(Phase::Save).into_iter();
    Ok(steps.filter(|step| seen.insert((step.call.clone(), step.nth))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_lost_if_spent_without_a_stored_successor() {
        assert_eq!(Token::from_state(State::New, 1), Token::Kept);
        assert_eq!(Token::from_state(State::Old, 0), Token::Unspent);
        assert_eq!(Token::from_state(State::Old, 1), Token::Lost);
        assert_eq!(Token::from_state(State::Torn, 0), Token::Lost);
    }
}
