use auth_store::{AuthDocument, AuthMode};
use login::stored::{has_ended, identity_without_verifying};
use printable::excerpt;
use serde_json::{Value, json};

use crate::args::ProfileName;
use crate::context::Context;
use crate::environment;
use crate::error::CliError;
use crate::profiles::Profiles;

/// One line of the list.
struct Profile {
    name: ProfileName,
    /// Whether it is the one that a command without `--profile` means now.
    chosen: bool,
    state: State,
}

enum State {
    SignedIn {
        who: Option<String>,
    },
    /// Its access token has expired, and nothing can refresh it.
    Over {
        who: Option<String>,
    },
    SignedOut,
    Unreadable,
}

/// `login-cli profiles`.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let profiles = Profiles::chosen(&context.args)?;
    let mut names = profiles.names().map_err(CliError::Profiles)?;
    if !names.contains(&profiles.selected) {
        let after = names.iter().skip(1).filter(|it| it.as_str() < profiles.selected.as_str());
        names.insert(1 + after.count(), profiles.selected.clone());
    }
    let mut profiles: Vec<Profile> =
        names.into_iter().map(|name| Profile::look(&profiles, name)).collect();
    context.interruption.check()?;
    // What a logout leaves is an empty folder.
    profiles
        .retain(|it| it.chosen || it.name.is_default() || !matches!(it.state, State::SignedOut));
    let output = &context.output;
    output.document(|| profiles.iter().map(Profile::as_json).collect())?;
    Ok(output.text(|| as_table(&profiles))?)
}

impl Profile {
    fn look(profiles: &Profiles, name: ProfileName) -> Self {
        let state = match profiles.store_of(&name).load() {
            Ok(document) => document
                .filter(AuthDocument::is_signed_in)
                .map_or(State::SignedOut, |document| State::of_sign_in(&document)),
            Err(_) => State::Unreadable,
        };
        Self { chosen: profiles.selected == name, name, state }
    }

    fn as_json(&self) -> Value {
        let (state, who) = match &self.state {
            State::SignedIn { who } => ("signed_in", who.as_deref()),
            State::Over { who } => ("signed_out", who.as_deref()),
            State::SignedOut => ("signed_out", None),
            State::Unreadable => ("unreadable", None),
        };
        json!({ "name": self.name.as_str(), "chosen": self.chosen, "state": state, "who": who })
    }

    fn in_words(&self) -> String {
        match &self.state {
            State::SignedIn { who: Some(who) } => excerpt(who, 80),
            State::SignedIn { who: None } => "signed in".to_owned(),
            State::Over { who: Some(who) } => {
                format!("{}, not signed in any more", excerpt(who, 80))
            }
            State::Over { who: None } => "not signed in any more".to_owned(),
            State::SignedOut => "not signed in".to_owned(),
            State::Unreadable => "cannot be read; login-cli status says why".to_owned(),
        }
    }
}

impl State {
    fn of_sign_in(document: &AuthDocument) -> Self {
        let who = who(document);
        match has_ended(document, environment::now()) {
            true => Self::Over { who },
            false => Self::SignedIn { who },
        }
    }
}

fn who(document: &AuthDocument) -> Option<String> {
    match document.auth_mode() {
        Some(AuthMode::PersonalAccessToken) => return Some("personal access token".to_owned()),
        Some(AuthMode::Other(mode)) => return Some(format!("another program's, mode {mode}")),
        _ => {}
    }
    let of_tokens =
        identity_without_verifying(document).and_then(|claims| claims.email.or(claims.name));
    of_tokens.or_else(|| document.api_key().map(|_| "API key".to_owned()))
}

/// The names below each other, with a mark at the one that is chosen.
fn as_table(profiles: &[Profile]) -> String {
    let width = profiles.iter().map(|it| it.name.as_str().len()).max().unwrap_or_default();
    let line = |profile: &Profile| {
        let mark = if profile.chosen { '*' } else { ' ' };
        format!("{mark} {:width$}  {}", profile.name.as_str(), profile.in_words())
    };
    profiles.iter().map(line).collect::<Vec<_>>().join("\n")
}
