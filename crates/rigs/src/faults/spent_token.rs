//! Row 215: the issuer has spent the refresh token and holds the response; then disk, quota, descriptors
//! or memory run out, and the new tokens have to be stored all the same.
//!
//! `strace` makes each system call between the request and the end of the save fail, once and from
//! then on. It also fails calls that use reserved space, which no real exhaustion does: those losses
//! are counted apart, and need a message. Real exhaustion is in `exhaustion.rs`.

use std::collections::BTreeSet;
use std::path::Path;

use super::case::{Case, Ended, Flow, Phase};
use super::content::State;
use super::strace::{self, Injection, Scope, What};
use super::strace_log::Syscall;
use super::trial::Findings;
use super::{Numbers, Outcome, parallel};
use crate::progress;
use crate::report::Report;

/// From a usual document to nearly the largest that is read.
pub(super) const LENGTHS: [usize; 6] = [2_000, 20_000, 64_000, 200_000, 500_000, 900_000];

/// Errors of calls in the folder.
const OF_FOLDER: [&str; 4] = ["ENOSPC", "EDQUOT", "EMFILE", "ENOMEM"];

/// Calls that take memory, or a thread.
const MEMORY: &str = "mmap,mremap,brk,mprotect,clone,clone3";

/// Calls that take a descriptor.
const DESCRIPTORS: &str =
    "open,openat,socket,accept4,dup,eventfd2,epoll_create1,pipe2,memfd_create";

pub(super) const LOST: &str = "spent tokens that are lost";
const LOST_RESERVED: &str = "spent tokens lost to a reserved file that is refused for good, untold";

/// A planned fault.
struct Point {
    length: usize,
    scope: Scope,
    injection: Injection,
    /// Whether a call fails, from then on, that uses reserved space.
    is_reserved: bool,
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
    pub(super) fn judge(state: State, refreshes: usize) -> Self {
        match (state, refreshes) {
            (State::New, _) => Self::Kept,
            (State::Old, 0) => Self::Unspent,
            _ => Self::Lost,
        }
    }
}

pub(super) fn run(program: &Path, numbers: &Numbers, report: &mut Report) -> Outcome<()> {
    let mut findings = Findings::with_kinds(&[LOST, LOST_RESERVED]);
    let lengths = if numbers.every_error { &LENGTHS[..] } else { &LENGTHS[..1] };
    let (mut runs, mut warned) = (0, 0);
    for &length in lengths {
        progress(&format!("a spent token and {length} bytes"));
        let points = points(program, length, numbers)?;
        let met = parallel::each(&points, |point| Ok((point, attempt(program, point)?)))?;
        runs += met.len();
        for (point, (token, ended)) in met.iter().filter(|(_, (token, _))| *token == Token::Lost) {
            let has_warning = ended.stderr.contains("sign in again");
            let words = format!(
                "{length} bytes: {} {}: {}",
                point.injection,
                point.injection.step,
                ended.summary()
            );
            match point.is_reserved {
                true if has_warning => warned += 1,
                true => findings.add(LOST_RESERVED, words),
                false => findings.add(LOST, format!("{token:?} {words}")),
            }
        }
    }
    report.note("steps after a token is spent that are refused", runs.to_string());
    findings.report(report);
    report
        .note("  lost to a reserved file that is refused for good, and warned", warned.to_string());
    Ok(())
}

fn attempt(program: &Path, point: &Point) -> Outcome<(Token, Ended)> {
    let case = Case::with_document(program, point.length)?;
    let traced = strace::run_in(&case, Phase::Save, point.scope, Some(&point.injection))?;
    let mut token = Token::judge(case.state()?, case.refreshes());
    if token == Token::Lost && !case.home.leftovers()?.is_empty() {
        // The next refresh renames the temporary file, without a request.
        case.play(Flow::Refresh)?;
        let is_kept = case.state()? == State::New && case.refreshes() == 1;
        token = if is_kept { Token::Kept } else { Token::Lost };
    }
    Ok((token, traced.ended))
}

fn points(program: &Path, length: usize, numbers: &Numbers) -> Outcome<Vec<Point>> {
    let mut points = of_folder(program, length, numbers)?;
    for (calls, error) in [(MEMORY, "ENOMEM"), (DESCRIPTORS, "EMFILE"), (DESCRIPTORS, "ENFILE")] {
        let scope = Scope::Process(calls);
        let point = |step, what| {
            let injection = Injection { step, what };
            Point { length, scope, injection, is_reserved: false }
        };
        let all = Syscall { call: calls.to_owned(), nth: 1, arguments: String::new() };
        points.push(point(all, What::ErrorFromThenOn(error)));
        points.extend(
            steps(program, length, scope)?.into_iter().map(|it| point(it, What::Error(error))),
        );
    }
    Ok(points)
}

fn of_folder(program: &Path, length: usize, numbers: &Numbers) -> Outcome<Vec<Point>> {
    let mut points = Vec::new();
    for (index, step) in steps(program, length, Scope::Folder)?.into_iter().enumerate() {
        let mut whats: Vec<What> = OF_FOLDER
            .into_iter()
            .flat_map(|error| [What::Error(error), What::ErrorFromThenOn(error)])
            .collect();
        if !numbers.every_error {
            whats = vec![whats[index % whats.len()]];
        }
        points.extend(whats.into_iter().map(|what| {
            let is_reserved = matches!(what, What::ErrorFromThenOn(_)) && !takes_descriptor(&step);
            let injection = Injection { step: step.clone(), what };
            Point { length, scope: Scope::Folder, injection, is_reserved }
        }));
    }
    Ok(points)
}

fn takes_descriptor(step: &Syscall) -> bool {
    DESCRIPTORS.split(',').any(|call| call == step.call)
}

/// The calls of a run without faults, from the request on.
fn steps(program: &Path, length: usize, scope: Scope) -> Outcome<Vec<Syscall>> {
    let case = Case::with_document(program, length)?;
    let traced = strace::run_in(&case, Phase::Save, scope, None)?;
    if traced.ended.code != Some(0) || case.state()? != State::New {
        return Err(
            format!("a refresh does not work under strace: {}", traced.ended.summary()).into()
        );
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
        assert_eq!(Token::judge(State::New, 1), Token::Kept);
        assert_eq!(Token::judge(State::Old, 0), Token::Unspent);
        assert_eq!(Token::judge(State::Old, 1), Token::Lost);
        assert_eq!(Token::judge(State::Torn, 0), Token::Lost);
    }
}
