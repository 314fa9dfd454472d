//! The commands: each calls the crates below, and reports the result.

mod assignment;
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
mod status;
#[cfg(feature = "postgres")]
mod store;
mod token;
mod variables;

use std::process::ExitCode;

use clap::ValueEnum as _;
use serde_json::json;

use crate::args::Command;
use crate::context::Context;
use crate::error::CliError;
use crate::profiles::Profiles;
use crate::{codex_cli, completions};

/// Runs a command. Only a command that may have to wait gets a runtime.
pub(crate) fn run(command: &Command, context: &Context) -> Result<ExitCode, CliError> {
    dispatch(command, context).map_err(|error| match context.interruption.check() {
        Err(interrupted) if !matches!(error, CliError::Interrupted { .. }) => interrupted,
        _ if only_prints(command) => error.quiet_without_reader(),
        _ => error,
    })
}

/// Whether nothing is lost if the reader of the output is gone.
fn only_prints(command: &Command) -> bool {
    #[cfg(feature = "postgres")]
    if matches!(command, Command::Store(_) | Command::StoreKey(_)) {
        return false;
    }
    use Command::{CreateKey, Exec, Login, Logout, Refresh};
    !matches!(command, Login(_) | CreateKey(_) | Exec(_) | Logout(_) | Refresh)
}

fn dispatch(command: &Command, context: &Context) -> Result<ExitCode, CliError> {
    match command {
        Command::Login(args) => {
            or_remove_profile(context, || context.block_on(login::run(args, context)))?;
            let notes = codex_cli::notes(&context.profiles()?.store());
            notes.iter().for_each(|note| context.terminal.warn(note));
        }
        Command::CreateKey(args) => {
            or_remove_profile(context, || context.block_on(create_key::run(args, context)))?;
        }
        Command::Organizations(args) => context.block_on(platform::organizations(args, context))?,
        Command::Projects(args) => context.block_on(platform::projects(args, context))?,
        Command::Status(args) => status::run(args, context)?,
        Command::Token(args) => token::run(args, context)?,
        Command::Env(args) => env::run(args, context)?,
        Command::Exec(args) => return exec::run(args, context),
        Command::Refresh => context.block_on(token::refresh(context))?,
        Command::Logout(args) => context.block_on(logout::run(args, context))?,
        #[cfg(feature = "postgres")]
        Command::Store(args) => store::run(&args.command, context)?,
        #[cfg(feature = "postgres")]
        Command::StoreKey(args) => store::new_key(args, context)?,
        Command::Profiles => profiles::run(context)?,
        Command::Schema => {
            context.output.document(|| serde_json::from_str(SCHEMA).unwrap_or_default())?;
            context.output.text(|| SCHEMA.trim_end())?;
        }
        Command::Completions(args) => {
            let script = completions::script(args.shell);
            let name = args.shell.to_possible_value().map(|it| it.get_name().to_owned());
            context.output.document(|| json!({ "shell": name, "script": script }))?;
            context.output.text(|| script.trim_end())?;
        }
        Command::Doctor => context.block_on(doctor::run(context))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The JSON Schema of every document, event and error. The end-to-end tests validate the JSON of each run
/// against it.
const SCHEMA: &str = include_str!("../schema.json");

/// A sign-in that fails removes the profile that it created, so that a typing error does not stay in the
/// list of profiles.
fn or_remove_profile(
    context: &Context,
    sign_in: impl FnOnce() -> Result<(), CliError>,
) -> Result<(), CliError> {
    let new = context.profiles().ok().filter(Profiles::is_new);
    let outcome = sign_in();
    if let (Err(_), Some(new)) = (&outcome, new) {
        new.remove_unused();
    }
    outcome
}
