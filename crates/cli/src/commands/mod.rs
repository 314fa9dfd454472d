//! Each command: what it asks of the crates below, and what it says about it.

mod completions;
mod create_key;
mod doctor;
mod doctor_report;
mod events;
mod exec;
mod login;
mod login_with_credential;
mod logout;
mod organizations;
mod platform;
mod profiles;
mod projects;
mod refresh;
mod status;
mod token;
mod waiting;

use std::process::ExitCode;

use crate::args::{Command, SharedArgs};
use crate::codex_cli;
use crate::failure::Failure;
use crate::profiles::Profiles;
use crate::setup::Setup;

/// Does what was asked for. Only what may have to wait for somebody gets a runtime.
pub(crate) fn run(
    command: &Command,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<ExitCode, Failure> {
    start(command, shared, setup).map_err(|failure| match setup.check_interrupted() {
        Err(interrupted) if !matches!(failure, Failure::Interrupted { .. }) => interrupted,
        _ => failure,
    })
}

fn start(command: &Command, shared: &SharedArgs, setup: &Setup) -> Result<ExitCode, Failure> {
    // Most of these only print; whoever does not read it to the end needs no error.
    let quiet = Failure::of_a_list;
    match command {
        Command::Login(args) => {
            or_forget_profile(shared, || setup.block_on(login::run(args, shared, setup)))?;
            let notes = codex_cli::notes(&Profiles::chosen(shared)?.store());
            notes.iter().for_each(|note| setup.terminal.warn(note));
        }
        Command::CreateKey(args) => {
            or_forget_profile(shared, || setup.block_on(create_key::run(args, shared, setup)))?;
        }
        Command::Organizations(args) => {
            setup.block_on(organizations::run(args, shared, setup)).map_err(quiet)?;
        }
        Command::Projects(args) => {
            setup.block_on(projects::run(args, shared, setup)).map_err(quiet)?;
        }
        Command::Status => status::run(shared, setup).map_err(quiet)?,
        Command::Token(args) => token::run(args, shared, setup).map_err(quiet)?,
        Command::Exec(args) => return exec::run(args, shared, setup),
        Command::Refresh => setup.block_on(refresh::run(shared, setup))?,
        Command::Logout(args) => setup.block_on(logout::run(args, shared, setup))?,
        Command::Profiles => profiles::run(shared, setup).map_err(quiet)?,
        Command::Completions(args) => completions::run(args, setup).map_err(quiet)?,
        Command::Doctor => setup.block_on(doctor::run(shared, setup)).map_err(quiet)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A sign-in that fails leaves no profile behind that it has made, so that `profiles` shows no name that
/// was only a slip.
fn or_forget_profile(
    shared: &SharedArgs,
    sign_in: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let new = Profiles::chosen(shared).ok().and_then(Profiles::new_profile);
    let outcome = sign_in();
    if let (Err(_), Some(new)) = (&outcome, new) {
        new.forget();
    }
    outcome
}
