//! `login-cli`: flags in, text and exit code out. What happens in between is the story of `login`.

mod accounts;
mod args;
mod browser;
mod codex_cli;
mod commands;
mod completions;
mod core_dump;
mod environment;
mod failure;
mod follower;
#[cfg(feature = "man-pages")]
mod manual;
mod opener;
mod output;
mod panic;
mod patience;
mod project_menu;
mod secret_text;
mod setup;
mod shell_path;
mod signals;
mod stdin;
mod user_input;

use std::process::ExitCode;

use args::Cli;
use setup::Setup;

fn main() -> ExitCode {
    panic::end_without_a_trace();
    if browser::is_asked_for() {
        return browser::open_apart();
    }
    if let Some(words) = completions::asked_for() {
        return completions::answer(words);
    }
    #[cfg(feature = "man-pages")]
    if let Some((folder, date)) = manual::asked_for() {
        return manual::write(folder.as_ref(), &date);
    }
    let (command, shared) = match Cli::from_command_line() {
        Ok(understood) => understood,
        Err(instead) => failure::say_instead(&instead),
    };
    let setup = Setup::new(&shared);
    let outcome = commands::run(&command, &shared, &setup);
    outcome.unwrap_or_else(|failure| failure.report(&setup))
}
