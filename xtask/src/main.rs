//! The commands of a developer that need code; `justfile` has the others.
//!
//! The rules of the repository are tests of this crate, so that `cargo test --workspace` checks them:
//! `layers` the dependencies between the crates, `tidy` the rest.

mod demo;
mod dist;
#[cfg(test)]
mod layers;
mod sources;
mod threats;
#[cfg(test)]
mod tidy;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The commands of a developer
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Show both sign-ins and a menu of projects, against the sandbox
    Demo {
        /// Simulate the browser; the default without a terminal or a display
        #[arg(long)]
        headless: bool,
    },
    /// Build an archive of the program, its manual and its completions, and packages of it
    Dist(dist::Options),
    #[command(flatten)]
    Rig(rigs::Command),
    /// Check the tests that docs/threats.md names, or list the tests of a row
    Threats(threats::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader, such as `head`, has closed the pipe.
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), Box<dyn Error>> {
    let out = &mut anstream::AutoStream::auto(io::stdout().lock());
    match task {
        Task::Demo { headless } => demo::run(workspace_root(), viewer(headless), &mut *out),
        Task::Dist(options) => dist::run(workspace_root(), &options, out),
        Task::Rig(command) => rigs::run(workspace_root(), command, out),
        Task::Threats(options) => threats::run(workspace_root(), &options, out),
    }
}

fn viewer(headless: bool) -> demo::Viewer {
    if headless { demo::Viewer::Simulated } else { demo::Viewer::You }
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
}

/// The folder of the workspace.
fn workspace_root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
