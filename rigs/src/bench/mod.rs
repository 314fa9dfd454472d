//! How fast and how small the program is, as a table: differences and ratios within one run, beside
//! what is expected of them. It judges, and never fails for a figure: a machine may be busy.

mod course;
mod delay_proxy;
mod flows;
mod size;
mod start;
mod token;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use clap::Args;

use crate::program::{self, Profile};
use crate::progress;
use crate::report::Report;

/// How much is measured.
#[derive(Debug, Args)]
pub struct Options {
    /// Fewer rounds, and no clean build
    #[arg(long)]
    quick: bool,
    /// How far away the servers are, in milliseconds for there and back
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=2000))]
    round_trip: u32,
}

/// Measures everything, and prints the table.
///
/// # Errors
///
/// Something cannot be built or started, or a flow fails.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let (starts, flows, peaks) = if options.quick { (20, 5, 1) } else { (100, 15, 3) };
    let away = Duration::from_millis(options.round_trip.into());
    progress("building login-cli, as it is shipped");
    let program = program::build(root, Profile::Release, &[])?;
    let mut report = Report::default();
    progress("start to URL");
    start::run(&program, root, starts, &mut report)?;
    progress("start to token");
    token::run(&program, root, starts, &mut report)?;
    progress("callback to exit");
    flows::round_trips(&program, away, flows, &mut report)?;
    progress("peak memory");
    flows::memory(&program, peaks, &mut report)?;
    size::run(&program, root, &mut report)?;
    if !options.quick {
        progress("clean build, which takes minutes");
        size::clean_build(root, &mut report)?;
    }
    progress("");
    report.print(out)
}
