use auth_store::Location;
use diagnostics::Sudo;

use crate::context::Context;
use crate::environment;

/// Warns a user whose `sudo` stores the credentials for root.
pub(crate) fn warn_of_sudo(context: &Context, store: &Location) {
    if let Some(sudo) = environment::sudo(context.args.codex_home.as_deref()) {
        context.terminal.warn(&warning(&sudo, store));
    }
}

fn warning(sudo: &Sudo, store: &Location) -> String {
    let owner = match &sudo.user {
        _ if sudo.is_folder_foreign => "and belong to the owner of that folder".to_owned(),
        _ if sudo.is_home_foreign => "and belong to root there".to_owned(),
        Some(user) => format!("not to {user}'s"),
        None => "not to your own".to_owned(),
    };
    format!(
        "running as root through sudo: the credentials go to {store}, {owner}; run it without sudo to \
         sign in as yourself"
    )
}
