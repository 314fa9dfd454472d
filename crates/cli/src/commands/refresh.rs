use auth_store::{AuthDocument, Location};
use jiff::Timestamp;
use serde_json::{Value, json};
use terminal_ui::from_now;

use super::waiting::tell;
use crate::args::SharedArgs;
use crate::environment;
use crate::failure::Failure;
use crate::profiles::Profiles;
use crate::setup::Setup;

/// `login-cli refresh`.
pub(crate) async fn run(shared: &SharedArgs, setup: &Setup) -> Result<(), Failure> {
    let profiles = Profiles::chosen(shared)?;
    let location = profiles.store().location();
    let sign_in = setup.stored_sign_in(&profiles, &profiles.selected, shared)?;
    let document = sign_in.refresh(&|event| tell(setup, &event)).await?;
    let now = environment::now();
    let until = document.access_token_expires_at().map(|exp| {
        let expires = if exp > now { "expires" } else { "expired" };
        format!(" The access token {expires} {}.", from_now(exp, now))
    });
    setup.terminal.success(&format!("Refreshed.{}", until.unwrap_or_default()));
    let refreshed = || as_json(&document, &profiles, &location);
    setup.output.document(refreshed).map_err(Failure::Output)
}

fn as_json(document: &AuthDocument, profiles: &Profiles, location: &Location) -> Value {
    let text = |time: Timestamp| time.to_string();
    json!({
        "profile": profiles.selected.as_str(),
        "access_token_expires_at": document.access_token_expires_at().map(text),
        "last_refresh": document.last_refresh().map(text),
        "stored_in": location.to_string(),
    })
}
