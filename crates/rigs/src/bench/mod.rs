//! Speed and size of the program: differences and ratios within one run, next to their limits. A figure
//! over its limit fails nothing: a machine may be busy.

mod delay_proxy;
mod flows;
mod remote_servers;
mod start;

use std::error::Error;
use std::fs;
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
    /// Fewer rounds
    #[arg(long)]
    quick: bool,
    /// The round trip to the servers, in milliseconds
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
    progress("building login-cli for release");
    let program = program::build(root, Profile::Release)?;
    let mut report = Report::default();
    progress("start to URL");
    start::to_url(&program, root, starts, &mut report)?;
    progress("start to token");
    start::to_token(&program, root, starts, &mut report)?;
    progress("callback to exit");
    flows::round_trips(&program, away, flows, &mut report)?;
    progress("peak memory");
    flows::memory(&program, peaks, &mut report)?;
    report.bytes("binary", fs::metadata(program)?.len(), 4_500_000);
    progress("");
    report.print(out)
}
