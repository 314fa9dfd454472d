//! The credential store under faults: the program is killed, and a call fails, at every system call of a
//! save; disks and limits run out; many processes refresh at the same moment.
//!
//! The program is the release build of `login-cli`, with the sandbox. `strace` kills it or makes a
//! call fail; disks are mounted in a mount namespace. After every fault, `auth.json` must be the old or
//! the new document, complete, and the next save must work and leave no other file in the folder.

mod case;
mod concurrent_refresh;
mod content;
mod exhaustion;
mod fail_syscalls;
mod home;
mod random_kills;
mod spent_token;
mod strace;
mod strace_log;
mod trial;

use std::error::Error;
use std::io::Write;
use std::path::Path;

use clap::Args;

use crate::parallel::Outcome;
use crate::program::{self, Profile};
use crate::progress;
use crate::report::Report;

/// How much of it.
#[derive(Debug, Args)]
pub struct Options {
    /// Every kill, one error for each system call, and a twentieth of the rest: about a minute
    #[arg(long)]
    short: bool,
    /// Only the checks of spent refresh tokens
    #[arg(long)]
    spent: bool,
}

/// How often each check runs.
struct Numbers {
    every_error: bool,
    random_kills: usize,
    rounds: usize,
    /// The processes of a round.
    processes: usize,
    /// How often something runs out.
    repeats: usize,
}

const FULL: Numbers =
    Numbers { every_error: true, random_kills: 10_000, rounds: 20, processes: 200, repeats: 4 };

const SHORT: Numbers =
    Numbers { every_error: false, random_kills: 500, rounds: 2, processes: 50, repeats: 1 };

/// Runs all checks, and prints the table.
///
/// # Errors
///
/// A count is not what it must be, or something cannot be built, started or measured.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let numbers = if options.short { SHORT } else { FULL };
    progress("building login-cli for release");
    let program = program::build(root, Profile::Release)?.canonicalize()?;
    let mut report = Report::default();
    // The two kinds of boxed error have no `From` between them.
    all(&program, &numbers, options, &mut report).map_err(|error| -> Box<dyn Error> { error })?;
    progress("");
    report.print(out)
}

fn all(program: &Path, numbers: &Numbers, options: &Options, report: &mut Report) -> Outcome<()> {
    let help = strace::missing();
    match help {
        None => spent_token::run(program, numbers, report)?,
        Some(help) => report.skipped("failing calls after a token is spent", help),
    }
    exhaustion::run(program, numbers, report)?;
    if options.spent {
        return Ok(());
    }
    match help {
        None => fail_syscalls::run(program, numbers, report)?,
        Some(help) => report.skipped("kills and errors at every system call of a save", help),
    }
    random_kills::run(program, numbers, report)?;
    concurrent_refresh::run(program, numbers, report)
}
