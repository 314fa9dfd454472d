//! How fast and how small the program is, as a table: differences and ratios within one run, beside
//! what is expected of them. It judges, and never fails for a figure: a machine may be busy.

mod course;
mod delay_proxy;
mod flows;
mod peak;
mod size;
mod start;
mod statistics;
mod table;

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use clap::Args;

use crate::program::{self, Profile};
use table::Row;

/// How much is measured.
#[derive(Args)]
pub(crate) struct Options {
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
    progress("start to URL");
    let mut rows = start::rows(&program, root, starts)?;
    progress("callback to exit");
    rows.extend(flows::round_trips(&program, away, flows)?);
    progress("peak memory");
    rows.extend(flows::memory(&program, peaks)?);
    rows.extend(size::rows(&program, root)?);
    if !options.quick {
        progress("clean build, which takes minutes");
        rows.push(size::clean_build(root)?);
    }
    progress("");
    print(&rows, out)
}

fn print(rows: &[Row], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    table::print(rows, out)?;
    let missed = rows.iter().filter(|row| row.expected.as_ref().is_some_and(|it| !it.is_met));
    match missed.count() {
        0 => writeln!(out, "\nEverything is as expected.")?,
        count => writeln!(out, "\n{count} of the figures are not as expected.")?,
    }
    Ok(())
}

/// Says on standard error what takes a moment.
fn progress(text: &str) {
    let dots = if text.is_empty() { "" } else { " …" };
    // Whoever does not want to hear it does not stop the measurement.
    let _ = writeln!(io::stderr(), "{text}{dots}");
}
