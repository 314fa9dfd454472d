//! The commands: each calls the crates below, and reports the result.

mod assignment;
mod completions;
mod create_key;
mod doctor;
mod doctor_network;
mod doctor_report;
mod env;
mod exec;
mod login;
mod login_with_credential;
mod logout;
mod platform;
mod profiles;
mod refresh;
mod schema;
mod status;
mod token;
mod variables;

use std::process::ExitCode;

use crate::args::Command;
use crate::codex_cli;
use crate::context::Context;
use crate::error::CliError;
use crate::profiles::Profiles;

/// Runs a command. Only a command that may have to wait gets a runtime.
pub(crate) fn run(command: &Command, context: &Context) -> Result<ExitCode, CliError> {
    start(command, context).map_err(|error| match context.interruption.check() {
        Err(interrupted) if !matches!(error, CliError::Interrupted { .. }) => interrupted,
        _ => error,
    })
}

fn start(command: &Command, context: &Context) -> Result<ExitCode, CliError> {
    let quiet = CliError::quiet_without_reader;
    match command {
        Command::Login(args) => {
            or_remove_profile(context, || context.block_on(login::run(args, context)))?;
            let notes = codex_cli::notes(&context.profiles()?.store());
            notes.iter().for_each(|note| context.terminal.warn(note));
        }
        Command::CreateKey(args) => {
            or_remove_profile(context, || context.block_on(create_key::run(args, context)))?;
        }
        Command::Organizations(args) => {
            context.block_on(platform::organizations(args, context)).map_err(quiet)?;
        }
        Command::Projects(args) => {
            context.block_on(platform::projects(args, context)).map_err(quiet)?;
        }
        Command::Status => status::run(context).map_err(quiet)?,
        Command::Token(args) => token::run(args, context).map_err(quiet)?,
        Command::Env(args) => env::run(args, context).map_err(quiet)?,
        Command::Exec(args) => return exec::run(args, context),
        Command::Refresh => context.block_on(refresh::run(context))?,
        Command::Logout(args) => context.block_on(logout::run(args, context))?,
        Command::Profiles => profiles::run(context).map_err(quiet)?,
        Command::Schema => schema::run(context).map_err(CliError::from).map_err(quiet)?,
        Command::Completions(args) => completions::run(args, context).map_err(quiet)?,
        Command::Doctor => context.block_on(doctor::run(context)).map_err(quiet)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A sign-in that fails removes the profile that it created, so that a typing error does not stay in the
/// list of profiles.
fn or_remove_profile(
    context: &Context,
    sign_in: impl FnOnce() -> Result<(), CliError>,
) -> Result<(), CliError> {
    let new = context.profiles().ok().and_then(Profiles::new_profile);
    let outcome = sign_in();
    if let (Err(_), Some(new)) = (&outcome, new) {
        new.remove();
    }
    outcome
}
