//! What can be done about the issuer's part in a failure.

use http_client::{DecodeError, ErrorResponse};
use terminal_ui::{Hint, say};
use token_client::Error as TokenError;

use super::{key_may_exist, server};
use crate::error::network::{self, NOT_THE_SERVER};

pub(super) fn code(error: &TokenError) -> Hint {
    let status = |refusal: &ErrorResponse| {
        say(match (refusal.status, refusal.code.as_deref()) {
            (_, Some("invalid_client" | "unauthorized_client")) => "check --client-id",
            (403, _) => "your workspace or country may not allow it: ask its administrator",
            (404, _) => CHECK_ISSUER,
            _ => "a code works once and for a short time: sign in again",
        })
    };
    token(error, status).unwrap_or_else(|| say(ODD_ANSWER))
}

/// The browser is another way to the same sign-in.
pub(super) fn device_code(error: &TokenError) -> Hint {
    if matches!(error, TokenError::DeviceCodeNotEnabled) {
        return say(NOT_ENABLED).run("login --no-browser");
    }
    let status = |refusal: &ErrorResponse| match refusal.code.as_deref() {
        Some("invalid_client" | "unauthorized_client") => say("check --client-id"),
        _ => say("without a device code: ").run("login --no-browser"),
    };
    token(error, status).unwrap_or_else(|| say(ODD_ANSWER))
}

const NOT_ENABLED: &str = "switch on device codes in the security settings of your account, at \
     https://chatgpt.com, or have the administrator of your workspace do it; without them: ";

pub(super) fn key_exchange(name: &str, error: &TokenError) -> Hint {
    if error.may_have_taken_effect() {
        return say(key_may_exist(name));
    }
    let without = || say("to sign in without an API key, leave --require-api-key out");
    token(error, |_| without()).unwrap_or_else(without)
}

pub(super) fn signed_in_without_key(error: &TokenError) -> Hint {
    token(error, |_| other_key()).unwrap_or_else(other_key)
}

pub(super) fn other_key() -> Hint {
    say("try again with ").run("login").then(", or create a key with ").run("create-key --save")
}

pub(super) fn refresh(error: &TokenError) -> Hint {
    let status = |refusal: &ErrorResponse| match refusal.status {
        404 => say(CHECK_ISSUER),
        _ => unchanged(),
    };
    token(error, status).unwrap_or_else(unchanged)
}

const ODD_ANSWER: &str = "sign in again; if it stays like this, look for a newer login-cli";

const CHECK_ISSUER: &str = "check --issuer";

fn unchanged() -> Hint {
    say("the stored sign-in is as it was: try again later; if it stays like this, sign in again with ")
        .run("login")
}

/// What the issuer's failure asks for; `refused` says it for a status that means something else at
/// each of its endpoints.
fn token(error: &TokenError, refused: impl Fn(&ErrorResponse) -> Hint) -> Option<Hint> {
    match error {
        TokenError::Http(error) => network::hint(error),
        TokenError::ErrorResponse(refusal) => {
            Some(server(refusal).unwrap_or_else(|| refused(refusal)))
        }
        TokenError::InvalidResponse(DecodeError::NotJson { .. }) => Some(say(NOT_THE_SERVER)),
        _ => None,
    }
}
