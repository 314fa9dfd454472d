//! `login-cli`: flags in, text and exit code out. What happens in between is the story of `login`.

mod args;
mod create_key;
mod environment;
mod failure;
mod login_command;
mod setup;
mod signals;
mod terminal;
mod waiting;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};
use failure::Failure;
use setup::Setup;

fn main() -> ExitCode {
    let Cli { command, bare } = Cli::parse();
    match command.unwrap_or(Command::Login(bare)) {
        Command::Login(args) => {
            run(&args.shared, async |setup| login_command::run(&args, setup).await)
        }
        Command::CreateKey(args) => {
            run(&args.shared, async |setup| create_key::run(&args, setup).await)
        }
    }
}

/// Runs one command to its end, or to the signal that ends it.
fn run(
    shared: &args::SharedArgs,
    command: impl AsyncFnOnce(&Setup) -> Result<(), Failure>,
) -> ExitCode {
    let setup = Setup::new(shared);
    let outcome = setup.block_on(async {
        let interrupt = signals::interrupt();
        tokio::select! {
            biased;
            outcome = command(&setup) => outcome,
            by = interrupt => Err(Failure::Interrupted { by, at_stake: setup.at_stake.get() }),
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(setup.terminal),
    }
}
