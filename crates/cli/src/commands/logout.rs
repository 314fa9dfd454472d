use auth_store::Location;
use jiff::Timestamp;
use login::stored::{LogOutScope, LoggedOut, Revocation};
use serde_json::{Value, json};
use terminal_ui::from_now;

use crate::args::{LogoutArgs, ProfileName};
use crate::context::Context;
use crate::environment;
use crate::error::CliError;
use crate::events::Reporter;
use crate::profiles::{Profiles, shown};

/// What became of one sign-in.
struct End {
    profile: ProfileName,
    location: Location,
    /// Whether there was one; not known where it cannot be looked at.
    was_there: Option<bool>,
    /// Whether its tokens are of no use any more, if there were any.
    revoked: Option<bool>,
    /// What may have ended with it: the same person's.
    may_have_ended: Vec<String>,
    /// What it leaves behind, and nobody has ended.
    left: Left,
    /// What could not be done.
    error: Option<CliError>,
}

/// Credentials that still work, because they were not this sign-in's to end.
#[derive(Default)]
struct Left {
    api_key: bool,
    personal_access_token: bool,
    access_token: Option<BroughtToken>,
    /// The tokens, because only the credentials of this machine were to go.
    tokens: bool,
}

/// An access token that was brought with `login --with-access-token`.
struct BroughtToken {
    expires_at: Option<Timestamp>,
}

/// `login-cli logout`. Every profile is tried, whatever becomes of the others.
pub(crate) async fn run(args: &LogoutArgs, context: &Context) -> Result<(), CliError> {
    let profiles = Profiles::chosen(&context.args)?;
    let names = match args.all {
        true => profiles.names().map_err(CliError::Profiles)?,
        false => vec![profiles.selected.clone()],
    };
    let mut ends = Vec::new();
    let scope = if args.local { LogOutScope::ThisMachine } else { LogOutScope::Everywhere };
    for profile in names {
        let location = profiles.store_of(&profile).location();
        let sign_in = context.stored_sign_in(&profiles, &profile)?;
        // The other profiles end too, each in its turn.
        let sign_in = match args.all {
            true => sign_in.with_other_stores(profiles.other_stores_elsewhere()),
            false => sign_in,
        };
        let end = match sign_in.log_out(scope, &|event| Reporter::new(context).report(&event)).await
        {
            Ok(outcome) => End::new(profile, outcome),
            Err(error) => {
                context.interruption.check()?;
                End::failed(profile, location, error)
            }
        };
        end.report(context);
        ends.push(end);
    }
    if ends.iter().all(|end| end.was_there == Some(false)) {
        context.terminal.say("Nobody was signed in.");
    }
    context.output.document(|| as_json(&ends, context))?;
    let mut errors: Vec<CliError> = ends.into_iter().filter_map(|end| end.error).collect();
    let Some(last) = errors.pop() else { return Ok(()) };
    errors.iter().for_each(|error| context.terminal.warn(&error.message()));
    Err(last)
}

impl End {
    fn new(profile: ProfileName, outcome: LoggedOut) -> Self {
        let LoggedOut { location, was_there, revocation, may_have_ended, .. } = outcome;
        let mut left = Left {
            api_key: outcome.had_api_key,
            personal_access_token: outcome.had_personal_access_token,
            ..Left::default()
        };
        let (revoked, error) = match revocation {
            Revocation::Revoked => (Some(true), None),
            Revocation::Failed(error) if was_there => {
                let (location, source) = (location.clone(), Box::new(error));
                (Some(false), Some(CliError::NotRevoked { location, source }))
            }
            Revocation::Imported { expires_at } => {
                left.access_token = Some(BroughtToken { expires_at });
                (None, None)
            }
            Revocation::NotRequested => {
                left.tokens = was_there;
                (Some(false), None)
            }
            _ => (None, None),
        };
        let was_there = Some(was_there);
        Self { profile, location, was_there, revoked, may_have_ended, left, error }
    }

    fn failed(profile: ProfileName, location: Location, error: login::Error) -> Self {
        let error = Some(error.into());
        let left = Left::default();
        let may_have_ended = Vec::new();
        Self { profile, location, was_there: None, revoked: None, may_have_ended, left, error }
    }

    /// Says what was done.
    fn report(&self, context: &Context) {
        let (terminal, location) = (context.terminal, shown(&self.location));
        if self.was_there != Some(true) {
            return;
        }
        terminal.success(&match self.revoked {
            Some(true) => format!("Signed out: revoked, and removed from {location}."),
            _ => format!("Signed out: removed from {location}."),
        });
        if !self.may_have_ended.is_empty() {
            let others = self.may_have_ended.join(", ");
            terminal.say(&format!(
                "The issuer may have ended these sign-ins as well: {others}. logout --local removes a \
                 sign-in without ending others."
            ));
        }
        self.left.report(context);
    }

    fn as_json(&self, context: &Context) -> Value {
        json!({
            "profile": self.profile.as_str(),
            "was_signed_in": self.was_there,
            "revoked": self.revoked,
            "may_have_ended": self.may_have_ended,
            "api_key_still_valid": self.left.api_key,
            "access_token_still_valid": self.left.has_access_token(),
            "access_token_expires_at": self.left.token_expires_at().map(|time| time.to_string()),
            "stored_in": self.location.to_string(),
            "error": self.error.as_ref().map(|error| context.to_json(error)),
        })
    }
}

impl Left {
    fn report(&self, context: &Context) {
        if self.api_key {
            context.terminal.say(
                "The API key that was stored with it still works. To end it, delete it at \
                 https://platform.openai.com/api-keys.",
            );
        }
        if self.personal_access_token {
            context.terminal.say(
                "The personal access token that was stored here stays valid. To end it, delete it in \
                 the settings of your account, at https://chatgpt.com.",
            );
        }
        if self.tokens {
            context.terminal.say("Its tokens were not revoked, and stay valid until they expire.");
        }
        if self.access_token.is_some() {
            let now = environment::now();
            let until = self.token_expires_at().map(|time| format!(", {}", from_now(time, now)));
            context.terminal.say(&format!(
                "The access token that was stored with it stays valid until it expires{}.",
                until.unwrap_or_default()
            ));
        }
    }

    fn has_access_token(&self) -> bool {
        self.access_token.is_some() || self.personal_access_token
    }

    fn token_expires_at(&self) -> Option<Timestamp> {
        self.access_token.as_ref()?.expires_at
    }
}

/// The end of each; and of what went wrong the last, with which the program ends.
fn as_json(ends: &[End], context: &Context) -> Value {
    let profiles: Vec<Value> = ends.iter().map(|end| end.as_json(context)).collect();
    let mut document = json!({ "profiles": profiles });
    if let Some(error) = ends.iter().filter_map(|end| end.error.as_ref()).next_back() {
        document["error"] = context.to_json(error);
    }
    document
}
