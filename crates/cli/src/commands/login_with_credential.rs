//! `login-cli login` with a credential that the user already has, and what any `login` says about the
//! sign-in that it replaces.

use std::path::Path;

use jiff::Timestamp;
use login::openai::{Claims, SIGN_IN_CLIENT_ID};
use login::stored::{
    AtRisk, Imported, ReplacedSignIn, Restrictions, Revocation, StillValid, StoredSignIn,
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
    let imported = sign_in.replace_by_api_key(key, &|event| context.report(&event)).await?;
    let stored_in = report(profiles, context, " with an API key", &imported);
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
    let sign_in = writable_sign_in(profiles, context)?;
    let now = environment::now();
    let client = context.args.client_id.as_deref().unwrap_or(SIGN_IN_CLIENT_ID);
    let token = stdin::access_token(context.terminal, &[SIGN_IN_CLIENT_ID, client], now).await?;
    let (claims, imported) = store_token(&sign_in, token, restrictions, context).await?;
    let kind = if claims.is_some() { "an access token" } else { "a personal access token" };
    let claims = claims.unwrap_or_default();
    let email = claims.email.as_deref().or(claims.additional.profile_email.as_deref());
    let user = user(None, email).map(|user| format!(" as {user}")).unwrap_or_default();
    let stored_in = report(profiles, context, &format!("{user} with {kind}"), &imported);
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

/// With the claims of a JWT; a personal access token has none.
async fn store_token(
    sign_in: &StoredSignIn,
    token: ImportedToken,
    restrictions: &Restrictions,
    context: &Context,
) -> Result<(Option<Claims>, Imported), CliError> {
    let events = |event: Event<'_>| context.report(&event);
    match token {
        ImportedToken::Jwt(token, claims) => {
            let imported = sign_in.replace_by_access_token(token, restrictions, &events).await?;
            Ok((Some(*claims), imported))
        }
        ImportedToken::Personal(_) if !restrictions.workspaces.is_empty() => {
            let allowed = restrictions.workspaces.clone();
            Err(Error::WrongWorkspace { workspace: None, allowed }.into())
        }
        ImportedToken::Personal(token) => {
            Ok((None, sign_in.replace_by_personal_access_token(token, &events).await?))
        }
    }
}

/// Checks that the store is writable, before the user types a secret.
fn writable_sign_in(profiles: &Profiles, context: &Context) -> Result<StoredSignIn, CliError> {
    let store = profiles.store();
    store.check_writable().map_err(Error::Store)?;
    warn_of_sudo(context, &store.location());
    context.stored_sign_in(profiles, &profiles.selected)
}

/// Reports the new sign-in, and returns where it is stored.
fn report(profiles: &Profiles, context: &Context, how: &str, imported: &Imported) -> String {
    let location = profiles.store().location();
    warn_of_backup(context, imported.backup.as_deref());
    context.terminal.success(&format!("Signed in{how}, stored in {}", display_location(&location)));
    if let Some(replaced) = &imported.replaced {
        report_replaced(context, replaced);
    }
    location.to_string()
}

pub(super) fn warn_of_backup(context: &Context, copy: Option<&Path>) {
    if let Some(copy) = copy {
        let copy = copy.display();
        context.terminal.warn(&format!("the old auth.json was unreadable; a copy is in {copy}"));
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
pub(super) fn report_replaced(context: &Context, replaced: &ReplacedSignIn) {
    let user = user(replaced.name.as_deref(), replaced.email.as_deref());
    let user = user.unwrap_or_else(|| "an account without a name".to_owned());
    let other_user = replaced.was_another_person.then(|| format!(" of {user}"));
    if let Some(still_valid) = &replaced.still_valid {
        context.terminal.say(&still_valid_sentence(still_valid, other_user.as_deref()));
        // Tokens beside it were replaced too.
        if matches!(replaced.revocation, Revocation::NothingToRevoke) {
            return;
        }
    }
    let whose = other_user
        .map_or_else(|| "the earlier sign-in".to_owned(), |it| format!("the sign-in{it}"));
    let tokens = tokens_sentence(&replaced.revocation);
    context.terminal.say(&format!("This replaced {whose}.{tokens}"));
}

fn still_valid_sentence(still_valid: &StillValid, other_user: Option<&str>) -> String {
    match still_valid {
        StillValid::ApiKey => "This replaced the API key that was stored here. It stays valid; to end \
                               it, delete it at https://platform.openai.com/api-keys."
            .to_owned(),
        StillValid::ImportedAccessToken => format!(
            "This replaced the imported access token{}, which stays valid until it expires.",
            other_user.unwrap_or_default()
        ),
        StillValid::OtherProgram { auth_mode } => format!(
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
        Revocation::Skipped(AtRisk { this: true, .. }) => {
            " Its tokens were not revoked, because that could end the new sign-in; they expire by \
             themselves."
                .to_owned()
        }
        Revocation::Skipped(AtRisk { others, .. }) => format!(
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
        "another_person": replaced.was_another_person,
        "revoked": matches!(replaced.revocation, Revocation::Revoked),
        "revocation": match replaced.revocation {
            Revocation::Revoked => "done",
            Revocation::Skipped(_) => "withheld",
            Revocation::Failed(_) => "failed",
            _ => "not_needed",
        },
        "still_valid": replaced.still_valid.as_ref().map(|still_valid| match still_valid {
            StillValid::ApiKey => "api_key",
            StillValid::ImportedAccessToken => "access_token",
            StillValid::OtherProgram { .. } => "other_program",
            _ => "personal_access_token",
        }),
    })
}
