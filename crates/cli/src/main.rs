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

use args::{Cli, Command, SharedArgs};
use failure::Failure;
use setup::Setup;

fn main() -> ExitCode {
    let (command, shared) = Cli::from_command_line().split();
    let setup = Setup::new(&shared);
    let outcome = setup.block_on(async {
        let interrupt = signals::interrupt();
        tokio::select! {
            biased;
            outcome = run(command, &shared, &setup) => outcome,
            by = interrupt => Err(Failure::Interrupted { by, at_stake: setup.at_stake.take() }),
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(setup.terminal),
    }
}

async fn run(command: Command, shared: &SharedArgs, setup: &Setup) -> Result<(), Failure> {
    match command {
        Command::Login(args) => login_command::run(&args, shared, setup).await,
        Command::CreateKey(args) => create_key::run(&args, shared, setup).await,
    }
}
