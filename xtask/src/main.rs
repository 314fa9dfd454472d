//! The project's own tasks: what needs code. What is only a command stands in the `justfile`.
//!
//! The rules of the repository are tests of this crate, so that plain `cargo test --workspace`
//! holds them: [`layers`] the arrows between the crates, `tidy` the small habits.

mod demo;
mod dist;
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
    #[command(flatten)]
    Rig(rigs::Command),
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
        Task::Rig(command) => rigs::run(workspace_root(), command, out),
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

/// The folder of the workspace, wherever the command is started from.
fn workspace_root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
