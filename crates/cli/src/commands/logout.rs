use std::mem;

use auth_store::Location;
use jiff::Timestamp;
use login::Error;
use login::stored::{LogOutScope, LoggedOut, Revocation};
use serde_json::{Value, json};
use terminal_ui::from_now;

use crate::args::{LogoutArgs, ProfileName};
use crate::context::Context;
use crate::environment;
use crate::error::CliError;
use crate::profiles::{Profiles, display_location};

/// The outcome for one profile.
struct Outcome {
    profile: ProfileName,
    location: Location,
    /// `None` if the credentials could not be removed.
    logged_out: Option<LoggedOut>,
    /// `None` if there was nothing to revoke.
    revoked: Option<bool>,
    error: Option<CliError>,
}

/// `login-cli logout`. An error in one profile does not stop the others.
pub(crate) async fn run(args: &LogoutArgs, context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let names = match args.all {
        true => profiles.names().map_err(CliError::Profiles)?,
        false => vec![profiles.selected.clone()],
    };
    let mut outcomes = Vec::new();
    for profile in names {
        let outcome = log_out(profile, &profiles, args, context).await?;
        outcome.report(context);
        outcomes.push(outcome);
    }
    let was_signed_in = |it: &Outcome| it.logged_out.as_ref().is_none_or(|it| it.was_there);
    if !outcomes.iter().any(was_signed_in) {
        context.terminal.say("You were not signed in.");
    }
    let documents: Vec<Value> = outcomes.iter().map(|it| it.as_json(context)).collect();
    let mut errors: Vec<CliError> = outcomes.into_iter().filter_map(|it| it.error).collect();
    // The last error decides the exit code.
    let last = errors.pop();
    errors.iter().for_each(|error| context.terminal.warn(&error.message()));
    context.finish(json!({ "profiles": documents }), last)
}

/// # Errors
///
/// A signal ended the command.
async fn log_out(
    profile: ProfileName,
    profiles: &Profiles,
    args: &LogoutArgs,
    context: &Context,
) -> Result<Outcome, CliError> {
    let location = profiles.store_of(&profile).location();
    let mut sign_in = context.stored_sign_in(profiles, &profile)?;
    if args.all {
        // The sign-ins of the other profiles end too.
        sign_in = sign_in.with_other_stores(profiles.other_homes());
    }
    let scope = if args.local { LogOutScope::ThisMachine } else { LogOutScope::Everywhere };
    let result = sign_in.log_out(scope, &|event| context.report(&event)).await;
    if result.is_err() {
        context.interruption.check()?;
    }
    Ok(Outcome::new(profile, location, result))
}

impl Outcome {
    fn new(profile: ProfileName, location: Location, result: Result<LoggedOut, Error>) -> Self {
        let mut logged_out = match result {
            Ok(logged_out) => logged_out,
            Err(error) => {
                let error = Some(error.into());
                return Self { profile, location, logged_out: None, revoked: None, error };
            }
        };
        let revocation = mem::take(&mut logged_out.revocation);
        let (revoked, error) = match revocation {
            Revocation::Failed(error) if logged_out.was_there => {
                let (location, source) = (location.clone(), Box::new(error));
                (Some(false), Some(CliError::NotRevoked { location, source }))
            }
            other => {
                logged_out.revocation = other;
                (was_revoked(&logged_out.revocation), None)
            }
        };
        Self { profile, location, logged_out: Some(logged_out), revoked, error }
    }

    fn report(&self, context: &Context) {
        let Some(logged_out) = self.logged_out.as_ref().filter(|it| it.was_there) else { return };
        let revoked = if self.revoked == Some(true) { "revoked, and " } else { "" };
        let location = display_location(&self.location);
        context.terminal.success(&format!("Signed out: {revoked}removed from {location}."));
        if !logged_out.may_have_ended.is_empty() {
            let others = logged_out.may_have_ended.join(", ");
            context.terminal.say(&format!(
                "The issuer may have ended these sign-ins too: {others}. logout --local removes a sign-in \
                 without ending others."
            ));
        }
        still_valid(logged_out).iter().for_each(|sentence| context.terminal.say(sentence));
    }

    fn as_json(&self, context: &Context) -> Value {
        let logged_out = self.logged_out.as_ref();
        let imported = logged_out.and_then(|it| imported(&it.revocation));
        let has_personal = logged_out.is_some_and(|it| it.had_personal_access_token);
        json!({
            "profile": self.profile.as_str(),
            "was_signed_in": logged_out.map(|it| it.was_there),
            "revoked": self.revoked,
            "may_have_ended": logged_out.map(|it| it.may_have_ended.as_slice()).unwrap_or_default(),
            "api_key_still_valid": logged_out.is_some_and(|it| it.had_api_key),
            "access_token_still_valid": imported.is_some() || has_personal,
            "access_token_expires_at": imported.flatten().map(|time| time.to_string()),
            "stored_in": self.location.to_string(),
            "error": self.error.as_ref().map(|error| context.to_json(error)),
        })
    }
}

fn was_revoked(revocation: &Revocation) -> Option<bool> {
    match revocation {
        Revocation::Revoked => Some(true),
        Revocation::NotRequested => Some(false),
        _ => None,
    }
}

/// The expiry of an imported access token, which is not revoked.
fn imported(revocation: &Revocation) -> Option<Option<Timestamp>> {
    match revocation {
        Revocation::Imported { expires_at } => Some(*expires_at),
        _ => None,
    }
}

/// A sentence for each credential that was removed and stays valid.
fn still_valid(logged_out: &LoggedOut) -> Vec<String> {
    let key = logged_out.had_api_key.then_some(
        "The API key that was stored with it stays valid. To end it, delete it at \
         https://platform.openai.com/api-keys.",
    );
    let personal = logged_out.had_personal_access_token.then_some(
        "The personal access token that was stored here stays valid. To end it, delete it in the \
         settings of your account, at https://chatgpt.com.",
    );
    let tokens = matches!(logged_out.revocation, Revocation::NotRequested)
        .then_some("Its tokens were not revoked, and stay valid until they expire.");
    let imported = imported(&logged_out.revocation).map(|expires_at| {
        let when = expires_at.map(|time| format!(", {}", from_now(time, environment::now())));
        let when = when.unwrap_or_default();
        format!("The access token that was stored with it stays valid until it expires{when}.")
    });
    let fixed = [key, personal, tokens].into_iter().flatten().map(str::to_owned);
    fixed.chain(imported).collect()
}
