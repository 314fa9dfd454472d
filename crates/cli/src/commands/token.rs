use auth_store::{AuthDocument, AuthMode, AuthStore};
use credentials::{AccessToken, ApiKey};
use jiff::Timestamp;
use login::stored::{check_not_ended, identity_without_verifying, is_due, signed_in};
use serde_json::json;
use terminal_ui::{command, from_now, say};

use crate::args::TokenArgs;
use crate::context::Context;
use crate::environment;
use crate::error::CliError;
use crate::events::Reporter;
use crate::profiles::Profiles;

/// `login-cli token`. Scripts call it in a loop, so that a token which is not due costs one read: no
/// runtime, no lock.
pub(crate) fn run(args: &TokenArgs, context: &Context) -> Result<(), CliError> {
    if args.api_key {
        let store = context.profiles()?.store();
        // A key does not end with the tokens beside it.
        let document = signed_in(store.load().map_err(login::Error::Store)?, &store)?;
        return print(context, "api_key", require_api_key(&document, "")?.expose(), None);
    }
    let reporter = Reporter::new(context);
    if args.id_token {
        let document = full_sign_in_with_valid_token(&reporter, context)?;
        let token = document.id_token().ok_or_else(|| no_token("ID token", &document))?;
        let expires_at = id_token_expires_at(&document);
        warn_of_expired(context, expires_at);
        print(context, "id_token", token.expose(), expires_at)
    } else {
        let document = with_valid_token(&reporter, context)?;
        let token = access_token(&document)?;
        print(context, "access_token", token.expose(), document.access_token_expires_at())
    }
}

/// `login-cli refresh`.
pub(crate) async fn refresh(context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let sign_in = context.stored_sign_in(&profiles, &profiles.selected)?;
    let document = sign_in.refresh(&|event| context.report(&event)).await?;
    let (now, expires_at) = (environment::now(), document.access_token_expires_at());
    let until = expires_at.map(|exp| {
        let expires = if exp > now { "expires" } else { "expired" };
        format!(" The access token {expires} {}.", from_now(exp, now))
    });
    context.terminal.success(&format!("Refreshed.{}", until.unwrap_or_default()));
    let document = json!({
        "profile": profiles.selected.as_str(),
        "access_token_expires_at": expires_at.map(|time| time.to_string()),
        "last_refresh": document.last_refresh().map(|time| time.to_string()),
        "stored_in": profiles.store().location().to_string(),
    });
    Ok(context.output.document(|| document)?)
}

/// An expired ID token still identifies the user, but a server may refuse it.
fn warn_of_expired(context: &Context, expires_at: Option<Timestamp>) {
    let now = environment::now();
    if let Some(expired_at) = expires_at.filter(|expires_at| *expires_at <= now) {
        let when = from_now(expired_at, now);
        let expired = say(format!("the ID token expired {when}; "));
        let warning = expired.run("refresh").then(" asks for a new one");
        context.terminal.warn(&context.to_text(&warning));
    }
}

/// The token alone, or with its name and its time.
fn print(
    context: &Context,
    name: &str,
    token: &str,
    expires_at: Option<Timestamp>,
) -> Result<(), CliError> {
    let document = || match expires_at {
        Some(expires_at) => json!({ name: token, "expires_at": expires_at.to_string() }),
        None => json!({ name: token }),
    };
    context.output.document(document)?;
    Ok(context.output.text(|| token)?)
}

/// The sign-in as it is stored, unless it is over.
pub(super) fn stored(profiles: &Profiles) -> Result<AuthDocument, CliError> {
    let store = profiles.store();
    let document = store.load().map_err(login::Error::Store)?;
    not_ended(document, &store)
}

fn not_ended(document: Option<AuthDocument>, store: &AuthStore) -> Result<AuthDocument, CliError> {
    let document = signed_in(document, store)?;
    check_not_ended(&document, store, environment::now())?;
    Ok(document)
}

/// The sign-in with a valid access token, where it has one at all.
pub(super) fn full_sign_in_with_valid_token(
    reporter: &Reporter<'_>,
    context: &Context,
) -> Result<AuthDocument, CliError> {
    let document = with_valid_token(reporter, context)?;
    full_sign_in_of_cached_token(&document, context).unwrap_or(Ok(document))
}

/// The same, or a copy of the access token while the rest cannot be read.
pub(super) fn valid_or_copy(
    reporter: &Reporter<'_>,
    context: &Context,
) -> Result<AuthDocument, CliError> {
    let document = with_valid_token(reporter, context)?;
    match full_sign_in_of_cached_token(&document, context) {
        Some(Err(error)) if !error.is_store_unavailable() => Err(error),
        Some(Err(_)) => {
            context.terminal.warn(
                "the API key is stored only in the database, which cannot be reached: OPENAI_API_KEY is not set",
            );
            Ok(document)
        }
        Some(Ok(full)) => Ok(full),
        None => Ok(document),
    }
}

/// Loads the full sign-in if the document has an access token alone, which may be a cached copy; otherwise `None`.
fn full_sign_in_of_cached_token(
    document: &AuthDocument,
    context: &Context,
) -> Option<Result<AuthDocument, CliError>> {
    let stored = || context.profiles().and_then(|profiles| stored(&profiles));
    document.has_only_access_token().then(stored)
}

/// The stored sign-in with an access token that is valid now: it is refreshed if it is due. It may have nothing
/// but the access token, if the store keeps a recent copy of that.
pub(super) fn with_valid_token(
    reporter: &Reporter<'_>,
    context: &Context,
) -> Result<AuthDocument, CliError> {
    let profiles = context.profiles()?;
    let store = profiles.store();
    let document = not_ended(store.load_access_token().map_err(login::Error::Store)?, &store)?;
    if !is_due(&document, environment::now()) {
        return Ok(document);
    }
    let document = context.block_on(async {
        let sign_in = context.stored_sign_in(&profiles, &profiles.selected)?;
        Ok(sign_in.valid(&|event| reporter.report(&event)).await?)
    })?;
    // The store may have been stopped by it, and an old token that still works is no answer to Ctrl-C.
    context.interruption.check()?;
    Ok(document)
}

/// What is sent to the service. A personal access token goes before the tokens, as in Codex CLI.
pub(super) fn access_token(document: &AuthDocument) -> Result<AccessToken, CliError> {
    let token = document.personal_access_token().or_else(|| document.access_token());
    token.ok_or_else(|| no_token("access token", document))
}

fn id_token_expires_at(document: &AuthDocument) -> Option<Timestamp> {
    Timestamp::from_second(identity_without_verifying(document)?.exp?).ok()
}

/// With what the sign-in has instead, or how to get a token.
fn no_token(what: &'static str, document: &AuthDocument) -> CliError {
    let instead = match (document.api_key(), document.auth_mode()) {
        (Some(_), _) => say("--api-key prints the key"),
        (None, Some(AuthMode::Other(_))) => {
            say("only the program that made this sign-in can use it; to sign in here: ")
                .run("login")
        }
        (None, Some(AuthMode::PersonalAccessToken)) => {
            command("token").then(" prints the access token")
        }
        (None, _) => say("sign in with ChatGPT: ").run("login"),
    };
    CliError::NoCredential { what, instead }
}

/// `alternative` is what else the user can do, for the hint.
pub(super) fn require_api_key(
    document: &AuthDocument,
    alternative: &'static str,
) -> Result<ApiKey, CliError> {
    let instead = command("create-key --save")
        .then(" creates one in a browser, and stores it here")
        .then(alternative);
    document.api_key().ok_or(CliError::NoCredential { what: "API key", instead })
}
