use login::stored::{LoggedOut, Revocation};

use super::waiting::tell;
use crate::accounts::Accounts;
use crate::args::{LogoutArgs, SharedArgs};
use crate::failure::Failure;
use crate::setup::Setup;

/// `login-cli logout`. Every profile is tried, whatever becomes of the others.
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
    let (mut somebody, mut failures) = (false, Vec::new());
    for profile in profiles {
        let sign_in = setup.stored_sign_in(accounts.store_of(&profile), shared)?;
        match sign_in.log_out(&|event| tell(setup, &event)).await {
            Ok(outcome) if outcome.was_there => {
                somebody = true;
                failures.extend(report(setup, outcome));
            }
            Ok(_) => {}
            Err(error) => failures.push(error.into()),
        }
    }
    let Some(last) = failures.pop() else {
        if !somebody {
            setup.terminal.say("Nobody was signed in.");
        }
        return Ok(());
    };
    failures.iter().for_each(|failure| setup.terminal.warn(&failure.what()));
    Err(last)
}

/// Says what was done, and returns what was not.
fn report(setup: &Setup, outcome: LoggedOut) -> Option<Failure> {
    let terminal = setup.terminal;
    let LoggedOut { location, revocation, had_api_key, .. } = outcome;
    terminal.done(&match revocation {
        Revocation::Revoked => format!("Signed out: revoked, and removed from {location}."),
        _ => format!("Signed out: removed from {location}."),
    });
    if had_api_key {
        terminal.say(
            "The API key that was stored with it still works. To end it, delete it at \
             https://platform.openai.com/api-keys.",
        );
    }
    match revocation {
        Revocation::Failed(error) => {
            Some(Failure::NotRevoked { location, source: Box::new(error) })
        }
        _ => None,
    }
}
