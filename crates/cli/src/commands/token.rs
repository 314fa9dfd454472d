use auth_store::{AuthDocument, AuthMode};
use credentials::{AccessToken, ApiKey, IdToken};
use jiff::Timestamp;
use login::Event;
use login::stored::{check_not_ended, identity_without_verifying, is_due, signed_in};
use serde_json::json;
use terminal_ui::{Hint, command, from_now, say};

use super::waiting::tell;
use crate::args::{SharedArgs, TokenArgs};
use crate::environment;
use crate::failure::Failure;
use crate::profiles::Profiles;
use crate::setup::Setup;

/// `login-cli token`. Scripts call it in a loop, so that a token which is not due costs one read: no
/// runtime, no lock.
pub(crate) fn run(args: &TokenArgs, shared: &SharedArgs, setup: &Setup) -> Result<(), Failure> {
    if args.api_key {
        let store = Profiles::chosen(shared)?.store();
        // A key does not end with the tokens beside it.
        let document = signed_in(store.load().map_err(login::Error::Store)?, &store)?;
        return print(setup, "api_key", api_key(&document)?.expose(), None);
    }
    let document = valid(shared, setup, tell)?;
    if args.id_token {
        let (token, expires_at) = (id_token(&document)?, id_token_expires_at(&document));
        warn_of_expired(setup, expires_at);
        print(setup, "id_token", token.expose(), expires_at)
    } else {
        let token = access_token(&document)?;
        print(setup, "access_token", token.expose(), document.access_token_expires_at())
    }
}

/// It says who signed in also when it has expired, and a server may not take it any more.
fn warn_of_expired(setup: &Setup, expires_at: Option<Timestamp>) {
    let now = environment::now();
    if let Some(expired_at) = expires_at.filter(|expires_at| *expires_at <= now) {
        let when = from_now(expired_at, now);
        let expired = say(format!("the ID token expired {when}; "));
        let warning = expired.run("refresh").then(" asks for a new one");
        setup.terminal.warn(&setup.to_text(&warning));
    }
}

/// The token alone, or with its name and its time.
fn print(
    setup: &Setup,
    name: &str,
    token: &str,
    expires_at: Option<Timestamp>,
) -> Result<(), Failure> {
    let document = || match expires_at {
        Some(expires_at) => json!({ name: token, "expires_at": expires_at.to_string() }),
        None => json!({ name: token }),
    };
    setup.output.document(document).map_err(Failure::Output)?;
    setup.output.text(|| token).map_err(Failure::Output)
}

/// The sign-in as it is stored, unless it is over.
pub(super) fn stored(profiles: &Profiles) -> Result<AuthDocument, Failure> {
    let store = profiles.store();
    let document = store.load().map_err(login::Error::Store)?;
    let document = signed_in(document, &store)?;
    check_not_ended(&document, &store, environment::now())?;
    Ok(document)
}

/// The sign-in with a valid access token, where it has one at all; `tell` is for what happens on the
/// way to it.
pub(super) fn valid(
    shared: &SharedArgs,
    setup: &Setup,
    tell: fn(&Setup, &Event<'_>),
) -> Result<AuthDocument, Failure> {
    let profiles = Profiles::chosen(shared)?;
    let document = stored(&profiles)?;
    if !is_due(&document, environment::now()) {
        return Ok(document);
    }
    setup.block_on(async {
        let sign_in = setup.stored_sign_in(&profiles, &profiles.selected, shared)?;
        Ok(sign_in.valid(&|event| tell(setup, &event)).await?)
    })
}

/// What is sent to the service. A personal access token goes before the tokens, as in Codex CLI.
pub(super) fn access_token(document: &AuthDocument) -> Result<AccessToken, Failure> {
    let not_held = || Failure::NotHeld { what: "access token", instead: instead(document) };
    document.personal_access_token().or_else(|| document.access_token()).ok_or_else(not_held)
}

fn id_token(document: &AuthDocument) -> Result<IdToken, Failure> {
    let not_held = || Failure::NotHeld { what: "ID token", instead: instead(document) };
    document.id_token().ok_or_else(not_held)
}

fn id_token_expires_at(document: &AuthDocument) -> Option<Timestamp> {
    Timestamp::from_second(identity_without_verifying(document)?.exp?).ok()
}

/// What there is where a token is missing, or how to come by it.
fn instead(document: &AuthDocument) -> Hint {
    match (document.api_key(), document.auth_mode()) {
        (Some(_), _) => say("--api-key prints the key"),
        (None, Some(AuthMode::Other(_))) => {
            say("another program made this sign-in, and knows how to use it; to sign in here: ")
                .run("login")
        }
        (None, Some(AuthMode::PersonalAccessToken)) => {
            command("token").then(" prints the access token")
        }
        (None, _) => say("sign in with ChatGPT: ").run("login"),
    }
}

pub(super) fn api_key(document: &AuthDocument) -> Result<ApiKey, Failure> {
    let instead = command("create-key --save").then(" makes one and keeps it here");
    document.api_key().ok_or(Failure::NotHeld { what: "API key", instead })
}
