//! The same sign-in with `oauth2`, `openidconnect`, `yup-oauth2` and `native-oauth`, as small programs in
//! `crates/rigs/comparison`: what each takes, and what each survives.

mod cost;
mod provider;
mod situation;

use std::error::Error;
use std::io::Write;
use std::path::Path;

use clap::Args;

use crate::progress;
use cost::Cost;
use provider::Provider;
use situation::{SITUATIONS, Situation};

/// How to compare.
#[derive(Debug, Args)]
pub struct Options {
    /// Use the programs of the last run, which measures no time of a build
    #[arg(long)]
    built: bool,
}

const LIBRARIES: [&str; 4] = ["oauth2", "openidconnect", "yup-oauth2", "native-oauth"];

/// Builds the programs, signs in with each in each situation, and prints the table of `docs/comparison.md`.
///
/// # Errors
///
/// A program cannot be built, or does not sign in when nothing disturbs it.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    if !Provider::is_available() {
        crate::skipped("the comparison: there is no node here");
        return Ok(());
    }
    let mut columns = Vec::new();
    for library in LIBRARIES {
        progress(&format!("building the program with {library}"));
        let cost = Cost::measure(root, library, options.built)?;
        progress(&format!("signing in with {library}"));
        let survived = SITUATIONS.iter().map(|situation| situation.run(root, &cost.program));
        let survived = survived.collect::<Result<Vec<_>, _>>()?;
        if survived.first().is_none_or(|outcome| *outcome != Situation::SURVIVED) {
            return Err(format!("the program with {library} does not sign in").into());
        }
        columns.push((cost, survived));
    }
    print(&columns, out)
}

fn print(columns: &[(Cost, Vec<&str>)], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut row =
        |name: &str, cells: Vec<String>| writeln!(out, "| {name} | {} |", cells.join(" | "));
    row("", LIBRARIES.map(|library| format!("`{library}`")).to_vec())?;
    row("---", vec!["---".to_owned(); LIBRARIES.len()])?;
    let costs = || columns.iter().map(|(cost, _)| cost);
    row("lines of code", costs().map(|cost| cost.lines.to_string()).collect())?;
    row("crates in the tree", costs().map(|cost| cost.crates.to_string()).collect())?;
    if let Some(least) = costs().map(|cost| cost.build).min().filter(|time| !time.is_zero()) {
        let ratio = |cost: &Cost| cost.build.as_secs_f64() / least.as_secs_f64();
        row("time of a cold build", costs().map(|cost| format!("{:.1} ×", ratio(cost))).collect())?;
    }
    for (index, situation) in SITUATIONS.iter().enumerate() {
        let cells = columns.iter().map(|(_, survived)| survived[index].to_owned());
        row(situation.name, cells.collect())?;
    }
    Ok(())
}
