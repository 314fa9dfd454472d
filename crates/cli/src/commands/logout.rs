use auth_store::Location;
use login::stored::{LoggedOut, Revocation};
use serde_json::{Value, json};

use super::waiting::tell;
use crate::accounts::Accounts;
use crate::args::{LogoutArgs, ProfileName, SharedArgs};
use crate::failure::Failure;
use crate::setup::Setup;

/// What became of one sign-in.
struct End {
    profile: ProfileName,
    location: Location,
    /// Whether there was one; not known where it cannot be looked at.
    was_there: Option<bool>,
    /// Whether its tokens are of no use any more, if there were any.
    revoked: Option<bool>,
    had_api_key: bool,
    /// What could not be done.
    failure: Option<Failure>,
}

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
    let mut ends = Vec::new();
    for profile in profiles {
        let store = accounts.store_of(&profile);
        let location = store.location();
        let sign_in = setup.stored_sign_in(store, shared)?;
        let end = match sign_in.log_out(&|event| tell(setup, &event)).await {
            Ok(outcome) => End::of(profile, outcome),
            Err(error) => End::failed(profile, location, error),
        };
        end.report(setup);
        ends.push(end);
    }
    if ends.iter().all(|end| end.was_there == Some(false)) {
        setup.terminal.say("Nobody was signed in.");
    }
    setup.output.document(|| as_json(&ends, setup)).map_err(Failure::Output)?;
    let mut failures: Vec<Failure> = ends.into_iter().filter_map(|end| end.failure).collect();
    let Some(last) = failures.pop() else { return Ok(()) };
    failures.iter().for_each(|failure| setup.terminal.warn(&failure.what()));
    Err(last)
}

impl End {
    fn of(profile: ProfileName, outcome: LoggedOut) -> Self {
        let LoggedOut { location, was_there, revocation, had_api_key, .. } = outcome;
        let (revoked, failure) = match revocation {
            Revocation::Revoked => (Some(true), None),
            Revocation::Failed(error) if was_there => {
                let (location, source) = (location.clone(), Box::new(error));
                (Some(false), Some(Failure::NotRevoked { location, source }))
            }
            _ => (None, None),
        };
        Self { profile, location, was_there: Some(was_there), revoked, had_api_key, failure }
    }

    fn failed(profile: ProfileName, location: Location, error: login::Error) -> Self {
        let failure = Some(error.into());
        Self { profile, location, was_there: None, revoked: None, had_api_key: false, failure }
    }

    /// Says what was done.
    fn report(&self, setup: &Setup) {
        let (terminal, location) = (setup.terminal, &self.location);
        if self.was_there != Some(true) {
            return;
        }
        terminal.done(&match self.revoked {
            Some(true) => format!("Signed out: revoked, and removed from {location}."),
            _ => format!("Signed out: removed from {location}."),
        });
        if self.had_api_key {
            terminal.say(
                "The API key that was stored with it still works. To end it, delete it at \
                 https://platform.openai.com/api-keys.",
            );
        }
    }

    fn as_json(&self, setup: &Setup) -> Value {
        json!({
            "profile": self.profile.as_str(),
            "was_signed_in": self.was_there,
            "revoked": self.revoked,
            "api_key_still_valid": self.had_api_key,
            "stored_in": self.location.to_string(),
            "error": self.failure.as_ref().map(|failure| failure.document(setup)),
        })
    }
}

/// The end of each; and of what went wrong the last, with which the program ends.
fn as_json(ends: &[End], setup: &Setup) -> Value {
    let profiles: Vec<Value> = ends.iter().map(|end| end.as_json(setup)).collect();
    let mut document = json!({ "profiles": profiles });
    if let Some(failure) = ends.iter().filter_map(|end| end.failure.as_ref()).next_back() {
        document["error"] = failure.document(setup);
    }
    document
}
