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
    /// Whether commands use it without `--profile`.
    is_selected: bool,
    state: State,
    account: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    SignedIn,
    /// The access token has expired, and cannot be refreshed.
    Ended,
    SignedOut,
    Unreadable,
}

/// `login-cli profiles`.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let mut names = profiles.names().map_err(CliError::Profiles)?;
    if !names.contains(&profiles.selected) {
        names.push(profiles.selected.clone());
        names[1..].sort_by(|a, b| a.as_str().cmp(b.as_str()));
    }
    let mut list: Vec<Profile> =
        names.into_iter().map(|name| Profile::read(&profiles, name)).collect();
    context.interruption.check()?;
    // A logout leaves an empty folder.
    list.retain(|it| it.is_selected || it.name.is_default() || it.state != State::SignedOut);
    context.output.document(|| list.iter().map(Profile::to_json).collect())?;
    Ok(context.output.text(|| to_table(&list))?)
}

impl Profile {
    fn read(profiles: &Profiles, name: ProfileName) -> Self {
        let is_selected = profiles.selected == name;
        let (state, account) = match profiles.store_of(&name).load() {
            Ok(document) => match document.filter(AuthDocument::is_signed_in) {
                Some(it) if has_ended(&it, environment::now()) => (State::Ended, account(&it)),
                Some(it) => (State::SignedIn, account(&it)),
                None => (State::SignedOut, None),
            },
            Err(_) => (State::Unreadable, None),
        };
        Self { name, is_selected, state, account }
    }

    fn to_json(&self) -> Value {
        let state = match self.state {
            State::SignedIn => "signed_in",
            State::Ended | State::SignedOut => "signed_out",
            State::Unreadable => "unreadable",
        };
        let (name, account) = (self.name.as_str(), &self.account);
        json!({ "name": name, "chosen": self.is_selected, "state": state, "who": account })
    }

    fn to_text(&self) -> String {
        let account = self.account.as_ref().map(|it| excerpt(it, 80));
        match (self.state, account) {
            (State::SignedIn, account) => account.unwrap_or_else(|| "signed in".to_owned()),
            (State::Ended, Some(account)) => format!("{account}, no longer signed in"),
            (State::Ended, None) => "no longer signed in".to_owned(),
            (State::SignedOut, _) => "not signed in".to_owned(),
            (State::Unreadable, _) => "unreadable; login-cli status says why".to_owned(),
        }
    }
}

/// The user, or the kind of credential that does not name one.
fn account(document: &AuthDocument) -> Option<String> {
    match document.auth_mode() {
        Some(AuthMode::PersonalAccessToken) => return Some("personal access token".to_owned()),
        Some(AuthMode::Other(mode)) => return Some(format!("another program's, mode {mode}")),
        _ => {}
    }
    let user = identity_without_verifying(document).and_then(|it| it.email.or(it.name));
    user.or_else(|| document.api_key().map(|_| "API key".to_owned()))
}

/// A line for each profile, with a mark at the selected one.
fn to_table(profiles: &[Profile]) -> String {
    let width = profiles.iter().map(|it| it.name.as_str().len()).max().unwrap_or_default();
    let line = |profile: &Profile| {
        let mark = if profile.is_selected { '*' } else { ' ' };
        format!("{mark} {:width$}  {}", profile.name.as_str(), profile.to_text())
    };
    profiles.iter().map(line).collect::<Vec<_>>().join("\n")
}
