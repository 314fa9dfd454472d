//! The project's own tasks: what needs code. What is only a command stands in the `justfile`.
//!
//! The rules of the repository are tests of this crate, so that plain `cargo test --workspace`
//! holds them: [`layers`] the arrows between the crates, `tidy` the small habits.

mod bench;
mod browser;
mod demo;
mod dist;
mod faults;
mod layers;
mod program;
mod report;
mod sources;
mod statistics;
mod stress;
mod system;
mod table;
mod threats;
#[cfg(test)]
mod tidy;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own tasks
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Play both sign-ins against the sandbox, and show them
    Demo {
        /// Let somebody of the sandbox sign in, without a browser
        #[arg(long)]
        headless: bool,
    },
    /// Put the program, its manual and its completions into one archive, and look at that
    Dist,
    /// Measure how fast and how small the program is, beside what is expected
    Bench(bench::Options),
    /// Put the program under more load than it should ever meet, and see what it still does
    #[command(subcommand)]
    Stress(stress::Target),
    /// Break what the credential store stands on, at every step of a save, and see what it holds then
    Faults(faults::Options),
    /// Let pages of another origin attack a sign-in in a real browser, and then sign in
    Browser(browser::Options),
    /// Print which crate may use which, and hold the workspace against it
    Layers,
    /// Print which rows of docs/threats.md a test names, and which none does
    Threats(threats::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads, `head` perhaps, has seen enough.
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), Box<dyn Error>> {
    let out = &mut anstream::AutoStream::auto(io::stdout().lock());
    match task {
        Task::Demo { headless } => demo::run(workspace_root(), viewer(headless), &mut *out),
        Task::Dist => dist::run(workspace_root(), out),
        Task::Bench(options) => bench::run(workspace_root(), &options, out),
        Task::Stress(target) => stress::run(workspace_root(), target, out),
        Task::Faults(options) => faults::run(workspace_root(), &options, out),
        Task::Browser(options) => browser::run(workspace_root(), &options, out),
        Task::Layers => layers::run(workspace_root(), out),
        Task::Threats(options) => threats::run(workspace_root(), &options, out),
    }
}

fn viewer(headless: bool) -> demo::Viewer {
    if headless { demo::Viewer::Nobody } else { demo::Viewer::You }
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
}

/// Says on standard error what takes a moment.
fn progress(text: &str) {
    let dots = if text.is_empty() { "" } else { " …" };
    // Whoever does not want to hear it does not stop the measurement.
    let _ = writeln!(io::stderr(), "{text}{dots}");
}

/// Reports a check that this machine cannot run; `.ci/run` counts these lines.
fn left_out(what: &str) {
    let _ = io::stderr().write_all(format!("not tested on this machine: {what}\n").as_bytes());
}

/// The folder of the workspace, wherever the command is started from.
fn workspace_root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
