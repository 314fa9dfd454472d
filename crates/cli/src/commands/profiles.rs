use std::collections::BTreeSet;

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
    /// For programs.
    state: &'static str,
    account: Option<String>,
    /// For people.
    text: String,
}

/// `login-cli profiles`.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let names: BTreeSet<ProfileName> =
        profiles.names()?.into_iter().chain([profiles.selected.clone()]).collect();
    let list: Vec<Profile> =
        names.into_iter().filter_map(|name| Profile::read(&profiles, name)).collect();
    context.interruption.check()?;
    context.output.document(|| list.iter().map(Profile::to_json).collect())?;
    Ok(context.output.text(|| to_table(&list))?)
}

impl Profile {
    /// `None` for the empty folder that a logout leaves.
    fn read(profiles: &Profiles, name: ProfileName) -> Option<Self> {
        let is_selected = profiles.selected == name;
        let store = match is_selected {
            true => profiles.store_of(&name),
            false => profiles.store_if_present(&name),
        };
        let stored = store.load();
        let stored = stored.map(|it| it.filter(AuthDocument::is_signed_in));
        let account = stored.as_ref().ok().and_then(|it| account(it.as_ref()?));
        let shown = account.as_ref().map(|it| excerpt(it, 80));
        let (state, text) = match stored {
            Ok(Some(it)) if has_ended(&it, environment::now()) => {
                let account = shown.map(|it| format!("{it}, ")).unwrap_or_default();
                ("signed_out", format!("{account}no longer signed in"))
            }
            Ok(Some(_)) => ("signed_in", shown.unwrap_or_else(|| "signed in".to_owned())),
            Ok(None) if !is_selected && !name.is_default() => return None,
            Ok(None) => ("signed_out", "not signed in".to_owned()),
            Err(_) => ("unreadable", "unreadable; login-cli status says why".to_owned()),
        };
        Some(Self { name, is_selected, state, account, text })
    }

    fn to_json(&self) -> Value {
        let Self { name, is_selected, state, account, .. } = self;
        json!({ "name": name.as_str(), "chosen": is_selected, "state": state, "who": account })
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
        format!("{mark} {:width$}  {}", profile.name.as_str(), profile.text)
    };
    profiles.iter().map(line).collect::<Vec<_>>().join("\n")
}
