//! What can be done about the issuer's part in a failure.

use http_client::{DecodeError, Refusal};
use token_client::Error as TokenError;

use super::{key_may_exist, server};
use crate::failure::network::{self, NOT_THE_SERVER};

pub(super) fn code(error: &TokenError) -> String {
    let status = |refusal: &Refusal| match (refusal.status, refusal.code.as_deref()) {
        (_, Some("invalid_client" | "unauthorized_client")) => "check --client-id",
        (403, _) => "your workspace or country may not allow it: ask its administrator",
        (404, _) => CHECK_ISSUER,
        _ => "a code works once and for a short time: sign in again",
    };
    token(error, status).unwrap_or_else(|| ODD_ANSWER.to_owned())
}

/// The browser is another way to the same sign-in.
pub(super) fn device_code(error: &TokenError) -> String {
    if matches!(error, TokenError::DeviceCodeNotEnabled) {
        return NOT_ENABLED.to_owned();
    }
    let status = |refusal: &Refusal| match refusal.code.as_deref() {
        Some("invalid_client" | "unauthorized_client") => "check --client-id",
        _ => WITHOUT_CODE,
    };
    token(error, status).unwrap_or_else(|| ODD_ANSWER.to_owned())
}

const NOT_ENABLED: &str = "switch on device codes in the security settings of your account, at https://chatgpt.com, or \
     have the administrator of your workspace do it; without them: login-cli login --no-browser";

const WITHOUT_CODE: &str = "without a device code: login-cli login --no-browser";

/// Whether the answer of an exchange is lost, so that there may be a key that nobody has.
pub(crate) fn may_have_created_key(error: &TokenError) -> bool {
    match error {
        TokenError::Http(error) => !error.provably_not_sent(),
        TokenError::Refused(refusal) => refusal.status >= 500,
        TokenError::Misshapen(_) => true,
        _ => false,
    }
}

pub(super) fn key_exchange(name: &str, error: &TokenError) -> String {
    if may_have_created_key(error) {
        return key_may_exist(name);
    }
    let without = "to sign in without an API key, leave --require-api-key out";
    token(error, |_| without).unwrap_or_else(|| without.to_owned())
}

pub(super) fn signed_in_without_key(error: &TokenError) -> String {
    token(error, |_| OTHER_KEY).unwrap_or_else(|| OTHER_KEY.to_owned())
}

pub(super) const OTHER_KEY: &str =
    "try again with login-cli login, or create a key with login-cli create-key --save";

pub(super) fn refresh(error: &TokenError) -> String {
    let status = |refusal: &Refusal| match refusal.status {
        404 => CHECK_ISSUER,
        _ => UNCHANGED,
    };
    token(error, status).unwrap_or_else(|| UNCHANGED.to_owned())
}

const ODD_ANSWER: &str = "sign in again; if it stays like this, look for a newer login-cli";

const CHECK_ISSUER: &str = "check --issuer";

const UNCHANGED: &str = "the stored sign-in is as it was: try again later; if it stays like this, sign in again with \
     login-cli login";

/// What the issuer's failure asks for; `refused` says it for a status that means something else at
/// each of its endpoints.
fn token(error: &TokenError, refused: impl Fn(&Refusal) -> &'static str) -> Option<String> {
    match error {
        TokenError::Http(error) => network::hint(error),
        TokenError::Refused(refusal) => {
            Some(server(refusal).unwrap_or_else(|| refused(refusal).to_owned()))
        }
        TokenError::Misshapen(DecodeError::NotJson { .. }) => Some(NOT_THE_SERVER.to_owned()),
        _ => None,
    }
}
