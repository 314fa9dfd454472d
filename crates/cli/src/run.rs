use std::process::ExitCode;

use crate::args::Cli;
use crate::setup::Setup;
use crate::{browser, commands, completions, failure, panic};

/// Does what the command line asks for, and returns the exit code. It takes over the process: its
/// arguments, terminal, signals and panics.
pub fn run() -> ExitCode {
    panic::end_without_a_trace();
    if browser::is_asked_for() {
        return browser::open_apart();
    }
    if let Some(words) = completions::asked_for() {
        return completions::answer(&words);
    }
    let (command, shared) = match Cli::from_command_line() {
        Ok(understood) => understood,
        Err(instead) => failure::say_instead(&instead),
    };
    let setup = Setup::new(&shared);
    let outcome = commands::run(&command, &shared, &setup);
    outcome.unwrap_or_else(|failure| failure.report(&setup))
}
