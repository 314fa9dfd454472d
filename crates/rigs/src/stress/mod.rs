//! More load than the program should ever meet, from clients of its own.
//!
//! The program is the release build of `login-cli`, one process for each sign-in, against the sandbox.
//! The clients share the processors with it, so times are longer on a busy or small machine: a time
//! fails nothing. A lost sign-in does, because it is lost at any speed.

mod bounds;
mod duplicate_callbacks;
mod flood;
mod harness;
mod hostile;
mod load;
mod slow_clients;
mod under_load;

use std::error::Error;
use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};

use crate::program::{self, Profile};
use crate::progress;
use crate::report::Report;

/// What is put under load.
#[derive(Debug, Subcommand)]
pub enum Target {
    /// The server that waits for the browser: slow clients, floods, hostile requests, duplicates
    Callback(Options),
}

/// How much of it.
#[derive(Debug, Args)]
pub struct Options {
    /// About a tenth of everything, in less than a minute
    #[arg(long)]
    short: bool,
}

/// How often everything is done.
struct Numbers {
    slow_clients: usize,
    /// Under slow clients alone, and again with a flood, half of them for each form.
    sign_ins: usize,
    hostile_requests: usize,
    rounds_of_duplicates: usize,
    /// How often each end of the program is timed.
    ends: usize,
}

const FULL: Numbers = Numbers {
    slow_clients: 1000,
    sign_ins: 200,
    hostile_requests: 100_000,
    rounds_of_duplicates: 500,
    ends: 20,
};

const SHORT: Numbers = Numbers {
    slow_clients: 1000,
    sign_ins: 16,
    hostile_requests: 10_000,
    rounds_of_duplicates: 50,
    ends: 4,
};

/// Puts the target under load, and prints the table.
///
/// # Errors
///
/// A count is not what it must be, or something cannot be built, started or measured.
pub(crate) fn run(root: &Path, target: Target, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let Target::Callback(options) = target;
    let numbers = if options.short { SHORT } else { FULL };
    progress("building login-cli for release");
    let program = program::build(root, Profile::Release)?;
    crate::system::allow_many_sockets()?;
    let mut report = Report::default();
    under_load::run(&program, &numbers, &mut report)?;
    hostile::run(&program, &numbers, &mut report)?;
    duplicate_callbacks::run(&program, &numbers, &mut report)?;
    bounds::run(&program, &numbers, &mut report)?;
    progress("");
    report.print(out)
}
