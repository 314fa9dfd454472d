//! What can be done about the platform's part in a failure.

use http_client::DecodeError;
use platform_api::{Call, Error as PlatformError};
use terminal_ui::{Hint, say};

use super::{key_may_exist, server};
use crate::error::network::{self, NOT_THE_SERVER};

pub(super) fn key_creation(name: &str, error: &PlatformError) -> Hint {
    if error.may_have_created_key() {
        return say(key_may_exist(name));
    }
    any(error).unwrap_or_else(|| say(NO_KEY))
}

const NO_KEY: &str = "no key was made: try again";

pub(super) const NO_ACCESS: &str = "ask an owner of the organization for access to a project, or \
     choose another with --organization";

/// Whatever it was asked for.
pub(super) fn any(error: &PlatformError) -> Option<Hint> {
    let hint = match error {
        PlatformError::Http { source, .. } => return network::hint(source),
        PlatformError::InvalidResponse { source: DecodeError::NotJson { .. }, .. } => {
            NOT_THE_SERVER
        }
        PlatformError::ErrorResponse { response: refusal, call } => {
            return server(refusal).or_else(|| at_call(*call, refusal.status).map(Into::into));
        }
        _ => return None,
    };
    Some(say(hint))
}

/// What a status means at one of the platform's calls.
fn at_call(call: Call, status: u16) -> Option<&'static str> {
    Some(match (call, status) {
        (_, 401) => "sign in again; if it stays like this, check --issuer and --api-base",
        (Call::LogIn, 403) => {
            "this account may not use the platform: open https://platform.openai.com with it, or sign \
             in with another"
        }
        (Call::CreateApiKey, 403) => "no key was made: ask an owner of the organization for access",
        (Call::CreateApiKey, 404) => {
            "no key was made; the project may be gone: run it again, or choose one with --project"
        }
        (Call::CreateApiKey, 409) => "no key was made: choose another name with --name",
        (Call::CreateApiKey, _) => NO_KEY,
        (_, 403) => "ask an owner of the organization for access",
        (_, 404) => "check --api-base",
        _ => "try again; if it stays like this, look for a newer login-cli",
    })
}
