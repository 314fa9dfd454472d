//! The project's own tasks: what needs code. What is only a command stands in the `justfile`.
//!
//! The rules of the repository are tests of this crate, so that plain `cargo test --workspace`
//! holds them: [`layers`] the arrows between the crates, `tidy` the small habits.

mod layers;
mod sources;
mod threats;
#[cfg(test)]
mod tidy;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
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
    /// Print which crate may use which, and hold the workspace against it
    Layers,
    /// Print which rows of the table of threats a test names, and which none does
    Threats {
        /// The table, as Markdown; it is kept beside the repository
        #[arg(long, value_name = "FILE", default_value = "../shared/threats.md")]
        table: PathBuf,
    },
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
    let out = &mut io::stdout().lock();
    match task {
        Task::Layers => layers::run(workspace_root(), out),
        Task::Threats { table } => threats::run(workspace_root(), &table, out),
    }
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
}

/// The folder of the workspace, wherever the command is started from.
fn workspace_root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
