use std::error::Error;
use std::io::Write;
use std::path::Path;

use clap::Subcommand;

use crate::{bench, browser, compare, emulators, faults, model, providers, simulate, stress};

/// The commands of this crate.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure speed and size of the program, next to the expected figures
    Bench(bench::Options),
    /// Put the program under more load than it should ever meet
    #[command(subcommand)]
    Stress(stress::Target),
    /// Make every step of a save fail, and check the credential store after it
    Faults(faults::Options),
    /// Attack a sign-in from pages of another origin in a real browser, then sign in
    Browser(browser::Options),
    /// Run the refresh protocol under the schedules of many seeds
    Simulate(simulate::Options),
    /// Check a model of the refresh protocol, in every schedule of a few processes
    Model(model::Options),
    /// Sign in at servers that others have written, with the example of `native-oauth`
    Providers,
    /// Compare the same sign-in with four libraries; takes minutes, since it builds each from nothing
    Compare(compare::Options),
    /// Run the tests of the main commands with the programs for arm64 and Windows, in emulators
    Emulators(emulators::Options),
}

/// Runs a command in the folder of the workspace, and prints its table.
///
/// # Errors
///
/// A count is wrong, or something cannot be built, started or measured.
pub fn run(root: &Path, command: Command, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Bench(options) => bench::run(root, &options, out),
        Command::Stress(target) => stress::run(root, target, out),
        Command::Faults(options) => faults::run(root, &options, out),
        Command::Browser(options) => browser::run(root, &options, out),
        Command::Simulate(options) => simulate::run(&options, out),
        Command::Model(options) => model::run(&options, out),
        Command::Compare(options) => compare::run(root, &options, out),
        Command::Providers => providers::run(root, out),
        Command::Emulators(options) => emulators::run(root, &options, out),
    }
}
