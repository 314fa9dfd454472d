use jiff::Timestamp;
use serde_json::json;
use terminal_ui::from_now;

use crate::context::Context;
use crate::environment;
use crate::error::CliError;

/// `login-cli refresh`.
pub(crate) async fn run(context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let sign_in = context.stored_sign_in(&profiles, &profiles.selected)?;
    let document = sign_in.refresh(&|event| context.report(&event)).await?;
    let now = environment::now();
    let until = document.access_token_expires_at().map(|exp| {
        let expires = if exp > now { "expires" } else { "expired" };
        format!(" The access token {expires} {}.", from_now(exp, now))
    });
    context.terminal.success(&format!("Refreshed.{}", until.unwrap_or_default()));
    let text = |time: Timestamp| time.to_string();
    Ok(context.output.document(|| {
        json!({
            "profile": profiles.selected.as_str(),
            "access_token_expires_at": document.access_token_expires_at().map(text),
            "last_refresh": document.last_refresh().map(text),
            "stored_in": profiles.store().location().to_string(),
        })
    })?)
}
