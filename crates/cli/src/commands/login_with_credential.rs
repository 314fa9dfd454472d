//! `login-cli login` with a credential that the person has already.

use std::path::Path;

use auth_store::Location;
use credentials::AccessToken;
use jiff::Timestamp;
use login::Event;
use login::openai::Claims;
use login::openai::SIGN_IN_CLIENT_ID;
use login::stored::{
    AtRisk, Imported, ReplacedSignIn, Restrictions, Revocation, StillValid, StoredSignIn,
};
use printable::excerpt;
use serde_json::{Value, json};
use terminal_ui::from_now;

use crate::context::Context;
use crate::error::CliError;
use crate::events::Reporter;
use crate::profiles::{Profiles, shown};
use crate::stdin::ImportedToken;
use crate::sudo_warning::warn_of_sudo;
use crate::{environment, stdin};

/// `login-cli login --with-api-key`.
pub(super) async fn api_key(profiles: &Profiles, context: &Context) -> Result<(), CliError> {
    let location = profiles.store().location();
    let sign_in = ready(profiles, context)?;
    let api_key = stdin::api_key(context.terminal).await?;
    let imported =
        sign_in.replace_by_api_key(api_key, &|event| Reporter::new(context).report(&event)).await?;
    tell_of_copy(context, imported.backup.as_deref());
    context.terminal.success(&format!("Signed in with an API key, stored in {}", shown(&location)));
    if let Some(replaced) = &imported.replaced {
        tell_of_replaced(context, replaced);
    }
    let replaced = imported.replaced.as_ref().map(replaced_as_json);
    let kept =
        || json!({ "has_api_key": true, "stored_in": location.to_string(), "replaced": replaced });
    Ok(context.output.document(kept)?)
}

/// `login-cli login --with-access-token`.
pub(super) async fn access_token(
    profiles: &Profiles,
    restrictions: &Restrictions,
    context: &Context,
) -> Result<(), CliError> {
    let location = profiles.store().location();
    let sign_in = ready(profiles, context)?;
    let now = environment::now();
    let client = context.args.client_id.as_deref().unwrap_or(SIGN_IN_CLIENT_ID);
    let clients = [SIGN_IN_CLIENT_ID, client];
    let (token, claims) = match stdin::access_token(context.terminal, &clients, now).await? {
        ImportedToken::Jwt(token, claims) => (token, claims),
        ImportedToken::Personal(token) => {
            if !restrictions.workspaces.is_empty() {
                let allowed = restrictions.workspaces.clone();
                return Err(login::Error::WrongWorkspace { workspace: None, allowed }.into());
            }
            return personal_access_token(&sign_in, token, &location, context).await;
        }
    };
    let events = |event: Event<'_>| Reporter::new(context).report(&event);
    let imported = sign_in.replace_by_access_token(token, restrictions, &events).await?;
    tell_of_copy(context, imported.backup.as_deref());
    let (terminal, place) = (context.terminal, shown(&location));
    let who = who(&claims);
    terminal.success(&format!("Signed in{who} with an access token, stored in {place}"));
    if let Some(replaced) = &imported.replaced {
        tell_of_replaced(context, replaced);
    }
    if let Some(exp) = expires_at(&claims) {
        let until = from_now(exp, now);
        terminal.say(&format!("It expires {until}, and cannot be refreshed."));
    }
    let document = || as_json(&claims, &location.to_string(), &imported);
    Ok(context.output.document(document)?)
}

async fn personal_access_token(
    sign_in: &StoredSignIn,
    token: AccessToken,
    location: &Location,
    context: &Context,
) -> Result<(), CliError> {
    let events = |event: Event<'_>| Reporter::new(context).report(&event);
    let imported = sign_in.replace_by_personal_access_token(token, &events).await?;
    tell_of_copy(context, imported.backup.as_deref());
    let place = shown(location);
    context.terminal.success(&format!("Signed in with a personal access token, stored in {place}"));
    if let Some(replaced) = &imported.replaced {
        tell_of_replaced(context, replaced);
    }
    let document = || as_json(&Claims::default(), &location.to_string(), &imported);
    Ok(context.output.document(document)?)
}

/// Finds out that it can be kept before somebody types it.
fn ready(profiles: &Profiles, context: &Context) -> Result<StoredSignIn, CliError> {
    let store = profiles.store();
    store.check_writable().map_err(login::Error::Store)?;
    warn_of_sudo(context, &store.location());
    context.stored_sign_in(profiles, &profiles.selected)
}

/// Whose sign-in was replaced, and what became of its tokens.
pub(super) fn tell_of_replaced(context: &Context, replaced: &ReplacedSignIn) {
    let shown = |text: &Option<String>| text.as_ref().map(|text| excerpt(text, 80));
    let whose = match (shown(&replaced.name), shown(&replaced.email)) {
        (Some(name), Some(email)) => format!("{name} <{email}>"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "an account without a name".to_owned(),
    };
    let fate = match &replaced.revocation {
        Revocation::Revoked => " Its tokens were revoked.".to_owned(),
        Revocation::Withheld(AtRisk { this: true, .. }) => {
            " Its tokens were not revoked, because that could end the new sign-in: they expire by \
             themselves."
                .to_owned()
        }
        Revocation::Withheld(AtRisk { others, .. }) => format!(
            " Its tokens were not revoked, because that could end the sign-in of {}.",
            others.join(", ")
        ),
        // A warning has said why.
        _ => String::new(),
    };
    if let Some(still_valid) = &replaced.still_valid {
        let whose =
            if replaced.was_another_person { format!(" of {whose}") } else { String::new() };
        context.terminal.say(&match still_valid {
            StillValid::ApiKey => "This replaced the API key that was stored here. It stays valid; to end \
                                   it, delete it at https://platform.openai.com/api-keys."
                .to_owned(),
            StillValid::ImportedAccessToken => format!(
                "This replaced the imported access token{whose}, which stays valid until it expires."
            ),
            StillValid::OtherProgram { auth_mode } => format!(
                "This replaced the sign-in of another program (mode {}), which was not revoked.",
                excerpt(auth_mode, 40)
            ),
            _ => "This replaced the personal access token that was stored here. It stays valid; to end \
                  it, delete it in the settings of your account, at https://chatgpt.com."
                .to_owned(),
        });
        // Tokens that stood beside it have a fate of their own.
        if matches!(replaced.revocation, Revocation::NothingToRevoke) {
            return;
        }
    }
    context.terminal.say(&match replaced.was_another_person {
        true => format!("This replaced the sign-in of {whose}.{fate}"),
        false => format!("This replaced the earlier sign-in.{fate}"),
    });
}

pub(super) fn replaced_as_json(replaced: &ReplacedSignIn) -> Value {
    json!({
        "email": replaced.email,
        "name": replaced.name,
        "another_person": replaced.was_another_person,
        "revoked": matches!(replaced.revocation, Revocation::Revoked),
        "revocation": match replaced.revocation {
            Revocation::Revoked => "done",
            Revocation::Withheld(_) => "withheld",
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

pub(super) fn tell_of_copy(context: &Context, copy: Option<&Path>) {
    if let Some(copy) = copy {
        let copy = copy.display();
        context.terminal.warn(&format!("the old auth.json could not be read; a copy is {copy}"));
    }
}

fn email(claims: &Claims) -> Option<&String> {
    claims.email.as_ref().or(claims.additional.profile_email.as_ref())
}

fn who(claims: &Claims) -> String {
    let email = email(claims).map(|email| format!(" as {}", excerpt(email, 80)));
    email.unwrap_or_default()
}

fn expires_at(claims: &Claims) -> Option<Timestamp> {
    Timestamp::from_second(claims.exp?).ok()
}

fn as_json(claims: &Claims, stored_in: &str, imported: &Imported) -> Value {
    json!({
        "email": email(claims),
        "plan": claims.additional.auth.chatgpt_plan_type,
        "account_id": claims.additional.auth.chatgpt_account_id,
        "has_api_key": false,
        "access_token_expires_at": expires_at(claims).map(|time| time.to_string()),
        "stored_in": stored_in,
        "replaced": imported.replaced.as_ref().map(replaced_as_json),
    })
}
