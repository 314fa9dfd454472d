use login::stored::expires_at;

use super::waiting::tell;
use crate::accounts::Accounts;
use crate::args::SharedArgs;
use crate::environment;
use crate::failure::Failure;
use crate::setup::Setup;
use crate::terminal::from_now;

/// `login-cli refresh`.
pub(crate) async fn run(shared: &SharedArgs, setup: &Setup) -> Result<(), Failure> {
    let sign_in = setup.stored_sign_in(Accounts::chosen(shared)?.store(), shared)?;
    let document = sign_in.refresh(&|event| tell(setup, &event)).await?;
    let until = expires_at(&document)
        .map(|exp| format!(" The access token expires {}.", from_now(exp, environment::now())));
    setup.terminal.done(&format!("Refreshed.{}", until.unwrap_or_default()));
    Ok(())
}
