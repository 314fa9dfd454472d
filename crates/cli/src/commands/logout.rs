use login::stored::{LoggedOut, Revocation};

use super::waiting::tell;
use crate::accounts::Accounts;
use crate::args::{LogoutArgs, SharedArgs};
use crate::failure::{Failure, chain};
use crate::setup::Setup;

/// `login-cli logout`. Every profile is tried, and the first failure is the one that is told.
pub(crate) async fn run(
    args: &LogoutArgs,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<(), Failure> {
    let accounts = Accounts::chosen(shared)?;
    let profiles = match args.all {
        true => accounts.profiles().map_err(Failure::Profiles)?,
        false => vec![accounts.profile.clone()],
    };
    let (mut somebody, mut failure) = (false, None);
    for profile in profiles {
        let sign_in = setup.stored_sign_in(accounts.store_of(&profile), shared)?;
        match sign_in.log_out(&|event| tell(setup, &event)).await {
            Ok(outcome) if outcome.was_there => {
                somebody = true;
                report(setup, &outcome);
            }
            Ok(_) => {}
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(error) => return Err(error.into()),
        None if somebody => {}
        None => setup.terminal.say("Nobody was signed in."),
    }
    Ok(())
}

fn report(setup: &Setup, outcome: &LoggedOut) {
    let terminal = setup.terminal;
    let LoggedOut { location, revocation, had_api_key, .. } = outcome;
    terminal.done(&match revocation {
        Revocation::Revoked => format!("Signed out: revoked, and removed from {location}."),
        _ => format!("Signed out: removed from {location}."),
    });
    if let Revocation::Failed(error) = revocation {
        terminal.warn(&format!(
            "the sign-in could not be revoked, and may still be valid: {}; end it in the security \
             settings of your account",
            chain(error)
        ));
    }
    if *had_api_key {
        terminal.say(
            "The API key that was stored with it still works. To end it, delete it at \
             https://platform.openai.com/api-keys.",
        );
    }
}
