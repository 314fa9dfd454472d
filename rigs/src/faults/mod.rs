//! The credential store against what really breaks: the program is killed, and the system refuses,
//! at every step of a save; disks are full or read-only; crowds want a refresh at the same moment.
//!
//! The program is `login-cli` as it is shipped, against the sandbox. Kills and errors at a step are
//! made by `strace`, which sees each system call before the system does; disks are mounted in a mount
//! namespace, so that nothing stays behind. Whatever happens, `auth.json` has to be the old content
//! or the new one, whole, and the next save has to work and to leave nothing else in the folder.
//!
//! Counts are right or wrong, and a wrong one fails; times are judged and fail nothing. What this
//! machine has no tool for is skipped, and says so.

mod content;
mod crowd;
mod error_sweep;
mod home;
mod kill_sweep;
mod parallel;
mod places;
mod random;
mod random_kills;
mod record;
mod run_out;
mod scene;
mod shell;
mod spent;
mod sweep;
mod tracer;

use std::error::Error;
use std::io::Write;
use std::path::Path;

use clap::Args;

use crate::program::{self, Profile};
use crate::progress;
use crate::report::Report;

/// How much of it.
#[derive(Debug, Args)]
pub struct Options {
    /// Every kill, one error at each step, and about a twentieth of the rest: about a minute
    #[arg(long)]
    short: bool,
    /// Only the refresh tokens that are spent already
    #[arg(long)]
    spent: bool,
}

/// How often everything is done.
struct Numbers {
    every_error: bool,
    random_kills: usize,
    rounds: usize,
    /// How many processes a round has.
    crowd: usize,
    /// How often something runs out.
    repeats: usize,
}

const FULL: Numbers =
    Numbers { every_error: true, random_kills: 10_000, rounds: 20, crowd: 200, repeats: 4 };

const SHORT: Numbers =
    Numbers { every_error: false, random_kills: 500, rounds: 2, crowd: 50, repeats: 1 };

/// What goes wrong here crosses threads.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Breaks everything, and prints the table.
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
    progress("building login-cli, as it is shipped");
    let program = program::build(root, Profile::Release, &[])?.canonicalize()?;
    let mut report = Report::default();
    // The two kinds of boxed error have no `From` between them.
    all(&program, &numbers, options, &mut report).map_err(|error| -> Box<dyn Error> { error })?;
    progress("");
    report.print(out)
}

fn all(program: &Path, numbers: &Numbers, options: &Options, report: &mut Report) -> Outcome<()> {
    match tracer::missing() {
        None => spent::run(program, numbers, report)?,
        Some(help) => report.skipped("steps after a token is spent that are refused", help),
    }
    run_out::run(program, numbers, report)?;
    if options.spent {
        return Ok(());
    }
    match tracer::missing() {
        None => {
            kill_sweep::run(program, report)?;
            error_sweep::run(program, numbers, report)?;
        }
        Some(help) => {
            report.skipped("kills at every step of a save", help);
            report.skipped("errors at every step of a save", help);
        }
    }
    random_kills::run(program, numbers, report)?;
    places::run(program, report)?;
    crowd::run(program, numbers, report)
}
