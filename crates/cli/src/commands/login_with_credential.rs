//! `login-cli login` with a credential that the user already has, and what any `login` says about the
//! sign-in that it replaces.

use std::path::Path;

use auth_store::{AuthMode, Location};
use jiff::Timestamp;
use login::openai::{Claims, SIGN_IN_CLIENT_ID};
use login::stored::{
    AffectedSignIns, Imported, ImportedCredential, ReplacedSignIn, Restrictions, Revocation,
    StoredSignIn,
};
use login::{Error, Event};
use printable::excerpt;
use serde_json::{Value, json};
use terminal_ui::from_now;

use crate::context::Context;
use crate::environment;
use crate::error::CliError;
use crate::profiles::{Profiles, display_location};
use crate::stdin::{self, ImportedToken};
use crate::sudo_warning::warn_of_sudo;

/// `login-cli login --with-api-key`.
pub(super) async fn api_key(profiles: &Profiles, context: &Context) -> Result<(), CliError> {
    let sign_in = writable_sign_in(profiles, context)?;
    let key = stdin::api_key(context.terminal).await?;
    let events = |event: Event<'_>| context.report(&event);
    let key = ImportedCredential::ApiKey(key);
    let imported = sign_in.import(key, &Restrictions::default(), &events).await?;
    let stored_in = report_imported(profiles, context, " with an API key", &imported);
    let replaced = imported.replaced.as_ref().map(replaced_as_json);
    let document = || json!({ "has_api_key": true, "stored_in": stored_in, "replaced": replaced });
    Ok(context.output.document(document)?)
}

/// `login-cli login --with-access-token`.
pub(super) async fn access_token(
    profiles: &Profiles,
    restrictions: &Restrictions,
    context: &Context,
) -> Result<(), CliError> {
    use ImportedCredential::{AccessToken, PersonalAccessToken};
    let sign_in = writable_sign_in(profiles, context)?;
    let now = environment::now();
    let client = context.args.client_id.as_deref().unwrap_or(SIGN_IN_CLIENT_ID);
    let token = stdin::access_token(context.terminal, &[SIGN_IN_CLIENT_ID, client], now).await?;
    let (token, claims, kind) = match token {
        ImportedToken::Jwt(it, claims) => (AccessToken(it), *claims, "an access token"),
        ImportedToken::Personal(it) => {
            (PersonalAccessToken(it), Claims::default(), "a personal access token")
        }
    };
    let events = |event: Event<'_>| context.report(&event);
    let imported = sign_in.import(token, restrictions, &events).await?;
    let email = claims.email.as_deref().or(claims.additional.profile.email.as_deref());
    let user = user(None, email).map(|user| format!(" as {user}")).unwrap_or_default();
    let how = format!("{user} with {kind}");
    let stored_in = report_imported(profiles, context, &how, &imported);
    let expires_at = claims.exp.and_then(|exp| Timestamp::from_second(exp).ok());
    if let Some(expires_at) = expires_at {
        let when = from_now(expires_at, now);
        context.terminal.say(&format!("It expires {when}, and cannot be refreshed."));
    }
    let document = || {
        json!({
            "email": email,
            "plan": claims.additional.auth.chatgpt_plan_type,
            "account_id": claims.additional.auth.chatgpt_account_id,
            "has_api_key": false,
            "access_token_expires_at": expires_at.map(|time| time.to_string()),
            "stored_in": stored_in,
            "replaced": imported.replaced.as_ref().map(replaced_as_json),
        })
    };
    Ok(context.output.document(document)?)
}

/// Checks that the store is writable, before the user types a secret.
fn writable_sign_in(profiles: &Profiles, context: &Context) -> Result<StoredSignIn, CliError> {
    let store = profiles.store();
    store.check_writable().map_err(Error::Store)?;
    warn_of_sudo(context, &store.location());
    context.stored_sign_in(profiles, &profiles.selected)
}

/// Reports the new sign-in, and returns where it is stored.
fn report_imported(profiles: &Profiles, context: &Context, how: &str, new: &Imported) -> String {
    let location = profiles.store().location();
    report(context, how, &location, new.backup.as_deref(), new.replaced.as_ref());
    location.to_string()
}

/// Reports any new sign-in.
pub(super) fn report(
    context: &Context,
    how: &str,
    location: &Location,
    backup: Option<&Path>,
    replaced: Option<&ReplacedSignIn>,
) {
    if let Some(copy) = backup {
        let copy = copy.display();
        context.terminal.warn(&format!("the old auth.json was unreadable; a copy is in {copy}"));
    }
    context.terminal.success(&format!("Signed in{how}, stored in {}", display_location(location)));
    if let Some(replaced) = replaced {
        report_replaced(context, replaced);
    }
}

/// `Ada Lovelace <ada@example.com>`, or one of both.
pub(super) fn user(name: Option<&str>, email: Option<&str>) -> Option<String> {
    let shown = |text: Option<&str>| text.map(|text| excerpt(text, 80));
    match (shown(name), shown(email)) {
        (Some(name), Some(email)) => Some(format!("{name} <{email}>")),
        (name, email) => name.or(email),
    }
}

/// Says whose sign-in was replaced, and whether its credentials are still valid.
fn report_replaced(context: &Context, replaced: &ReplacedSignIn) {
    let user = user(replaced.name.as_deref(), replaced.email.as_deref());
    let user = user.unwrap_or_else(|| "an account without a name".to_owned());
    let (whose, of_user) = match replaced.was_another_person {
        true => (format!("the sign-in of {user}"), format!(" of {user}")),
        false => ("the earlier sign-in".to_owned(), String::new()),
    };
    if let Some(unrevoked) = &replaced.unrevoked {
        context.terminal.say(&unrevoked_sentence(unrevoked, &of_user));
        // Tokens beside it were replaced too.
        if matches!(replaced.revocation, Revocation::NothingToRevoke) {
            return;
        }
    }
    let tokens = tokens_sentence(&replaced.revocation);
    context.terminal.say(&format!("This replaced {whose}.{tokens}"));
}

fn unrevoked_sentence(unrevoked: &AuthMode, of_user: &str) -> String {
    match unrevoked {
        AuthMode::ApiKey => "This replaced the API key that was stored here. It stays valid; to end \
                               it, delete it at https://platform.openai.com/api-keys."
            .to_owned(),
        AuthMode::ChatGpt => format!(
            "This replaced the imported access token{of_user}, which stays valid until it expires."
        ),
        AuthMode::Other(auth_mode) => format!(
            "This replaced the sign-in of another program (mode {}), which was not revoked.",
            excerpt(auth_mode, 40)
        ),
        _ => "This replaced the personal access token that was stored here. It stays valid; to end it, \
              delete it in the settings of your account, at https://chatgpt.com."
            .to_owned(),
    }
}

/// With a space before it; empty if a warning has the details, or there were no tokens.
fn tokens_sentence(revocation: &Revocation) -> String {
    match revocation {
        Revocation::Revoked => " Its tokens were revoked.".to_owned(),
        Revocation::Withheld(AffectedSignIns { this: true, .. }) => {
            " Its tokens were not revoked, because that could end the new sign-in; they expire by \
             themselves."
                .to_owned()
        }
        Revocation::Withheld(AffectedSignIns { others, .. }) => format!(
            " Its tokens were not revoked, because that could end the sign-in of {}.",
            others.join(", ")
        ),
        _ => String::new(),
    }
}

pub(super) fn replaced_as_json(replaced: &ReplacedSignIn) -> Value {
    json!({
        "email": replaced.email,
        "name": replaced.name,
        "other_user": replaced.was_another_person,
        "revoked": matches!(replaced.revocation, Revocation::Revoked),
        "revocation": match replaced.revocation {
            Revocation::Revoked => "done",
            Revocation::Withheld(_) => "withheld",
            Revocation::Failed(_) => "failed",
            _ => "not_needed",
        },
        "still_valid": replaced.unrevoked.as_ref().map(|unrevoked| match unrevoked {
            AuthMode::ApiKey => "api_key",
            AuthMode::ChatGpt => "access_token",
            AuthMode::Other(_) => "other_program",
            _ => "personal_access_token",
        }),
    })
}
