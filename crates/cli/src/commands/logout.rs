use auth_store::Location;
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
    result: Result<LoggedOut, Error>,
}

/// `login-cli logout`. An error in one profile does not stop the others.
pub(crate) async fn run(args: &LogoutArgs, context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let names = match args.all {
        true => profiles.names()?,
        false => vec![profiles.selected.clone()],
    };
    let mut outcomes = Vec::new();
    for profile in names {
        let outcome = log_out(profile, &profiles, args, context).await?;
        outcome.report(context);
        if args.all && outcome.result.is_err() {
            let profile = outcome.profile.as_str();
            context.terminal.say(&format!("The profile {profile} was not signed out."));
        }
        outcomes.push(outcome);
    }
    let was_signed_in = |it: &Outcome| it.result.as_ref().map_or(true, |it| it.was_there);
    if !outcomes.iter().any(was_signed_in) {
        let profile = Some(&profiles.selected).filter(|it| !args.all && !it.is_default());
        let of = profile.map(|it| format!(" to the profile {}", it.as_str())).unwrap_or_default();
        context.terminal.say(&format!("You were not signed in{of}."));
    }
    let (mut documents, mut last) = (Vec::new(), None);
    for outcome in outcomes {
        let (document, error) = outcome.finish(context);
        documents.push(document);
        // The last error decides the exit code.
        if let Some(earlier) = error.and_then(|error| last.replace(error)) {
            context.terminal.warn(&earlier.message());
        }
    }
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
    Ok(Outcome { profile, location, result })
}

impl Outcome {
    fn report(&self, context: &Context) {
        let Some(logged_out) = self.result.as_ref().ok().filter(|it| it.was_there) else { return };
        let is_revoked = matches!(logged_out.revocation, Revocation::Revoked);
        let revoked = if is_revoked { "revoked, and " } else { "" };
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

    /// Its document and its error.
    fn finish(self, context: &Context) -> (Value, Option<CliError>) {
        let stored_in = self.location.to_string();
        let (logged_out, mut error) = match self.result {
            Ok(logged_out) => (Some(logged_out), None),
            Err(error) => (None, Some(error.into())),
        };
        // Nothing is known of a sign-in that stays.
        let is_known = logged_out.is_some();
        let was_signed_in = logged_out.as_ref().map(|it| it.was_there);
        let it = logged_out.unwrap_or_default();
        let (mut revoked, mut is_imported, mut expires_at) = (None, false, None);
        match it.revocation {
            Revocation::Revoked => revoked = Some(true),
            Revocation::NotRequested => revoked = Some(false),
            Revocation::Failed(source) if it.was_there => {
                revoked = Some(false);
                let (location, source) = (self.location, Box::new(source));
                error = Some(CliError::NotRevoked { location, source });
            }
            Revocation::Imported { expires_at: at } => (is_imported, expires_at) = (true, at),
            _ => {}
        }
        let document = json!({
            "profile": self.profile.as_str(),
            "was_signed_in": was_signed_in,
            "revoked": revoked,
            "may_have_ended": it.may_have_ended,
            "api_key_still_valid": is_known.then_some(it.had_api_key),
            "access_token_still_valid": is_known.then_some(it.had_personal_access_token || is_imported),
            "access_token_expires_at": expires_at.map(|time| time.to_string()),
            "stored_in": stored_in,
            "error": error.as_ref().map(|error| context.to_json(error)),
        });
        (document, error)
    }
}

/// A sentence for each credential that was removed and stays valid.
fn still_valid(logged_out: &LoggedOut) -> Vec<String> {
    let key = logged_out.had_api_key.then_some(
        "The API key that was stored here stays valid. To end it, delete it at \
         https://platform.openai.com/api-keys. If a sign-in created it, its name there is \
         \"Codex CLI [auto-generated]\" with the date.",
    );
    let personal = logged_out.had_personal_access_token.then_some(
        "The personal access token that was stored here stays valid. To end it, delete it in the \
         settings of your account, at https://chatgpt.com.",
    );
    let tokens = matches!(logged_out.revocation, Revocation::NotRequested)
        .then_some("Its tokens were not revoked, and stay valid until they expire.");
    let imported = match &logged_out.revocation {
        Revocation::Imported { expires_at } => {
            let when = expires_at.map(|time| format!(", {}", from_now(time, environment::now())));
            let when = when.unwrap_or_default();
            Some(format!(
                "The access token that was stored with it stays valid until it expires{when}."
            ))
        }
        _ => None,
    };
    let fixed = [key, personal, tokens].into_iter().flatten().map(str::to_owned);
    fixed.chain(imported).collect()
}
