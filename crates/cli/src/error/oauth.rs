//! The browser, the callback and the device code.

use std::io::ErrorKind::NetworkUnreachable;

use http_client::{Error as HttpError, ErrorResponse};
use login::OAuthError;
use oauth_callback_server::{BindError, WaitError};
use serde_json::json;
use terminal_ui::{Hint, in_words, say};
use token_client::Error as TokenError;

use super::network::{self, CHECK_ISSUER, request};
use super::rejected::{self, Remedies};
use super::{Explanation, advise, chain, plain, ports};

pub(crate) fn explain(error: &OAuthError, remedies: Remedies) -> Explanation {
    match error {
        OAuthError::Bind(BindError::PortsInUse { taken }) => ports::explain(taken),
        OAuthError::Bind(BindError::Listen { source, .. })
            if source.kind() == NetworkUnreachable =>
        {
            advise("the browser cannot reach this machine: enable the loopback interface")
        }
        OAuthError::Callback(error) => callback(error, remedies),
        OAuthError::Unreachable { after, source } => {
            let (after, why) = (in_words(*after), why_unreachable(source));
            let host = source.host();
            plain()
                .message(format!(
                    "the browser did not come back within {after}, and {host} could not be \
                     reached: {why}"
                ))
                .any_hint(network::hint(source))
        }
        OAuthError::DeviceCode(TokenError::DeviceCodeNotEnabled) => {
            advise(say(NOT_ENABLED).run("login --no-browser"))
        }
        OAuthError::CodeExchange(error) => advise(token_request(error, code)),
        OAuthError::DeviceCode(error) => advise(token_request(error, device_code)),
        OAuthError::DeviceDenied => advise(TRY_ONCE_MORE),
        OAuthError::DeviceExpired => advise("run the command again for a new code"),
        _ => plain(),
    }
}

const TRY_ONCE_MORE: &str = "nothing was changed; run the command again to try once more";

const NOT_ENABLED: &str = "switch on device codes in the security settings of your account, at \
     https://chatgpt.com, or have the administrator of your workspace do it; without them: ";

fn callback(error: &WaitError, remedies: Remedies) -> Explanation {
    match error {
        WaitError::Denied { error, error_description } => {
            let words = error_description.as_ref().map(|words| format!(": {words}"));
            let words = words.unwrap_or_default();
            plain()
                .message(format!("sign-in was not granted ({error}){words}"))
                .any_hint((error == "access_denied").then(|| say(TRY_ONCE_MORE)))
                .fields(json!({ "code": error }))
        }
        WaitError::TimedOut { after, rejected } => {
            let timeout = format!("the browser did not come back within {}", in_words(*after));
            let (reasons, why): (Vec<_>, Vec<_>) =
                rejected.iter().map(|kind| rejected::reason(*kind)).unzip();
            plain()
                .message([vec![timeout.as_str()], why].concat().join("; "))
                .hint(
                    rejected
                        .first()
                        .map_or("run the command again, or wait longer with --timeout", |kind| {
                            rejected::remedy(*kind, remedies)
                        }),
                )
                .fields(json!({ "rejected": reasons }))
        }
        WaitError::MissingCode => advise("run the command again"),
        WaitError::WrongIssuer => {
            advise("check --issuer; if it is right, someone may have interfered with the sign-in")
        }
        _ => plain(),
    }
}

/// The cause of a failed request. If the error itself only says that its host did not respond, its source is
/// the cause.
fn why_unreachable(error: &HttpError) -> String {
    match (error, std::error::Error::source(error)) {
        (
            HttpError::Dns { .. } | HttpError::Connect { .. } | HttpError::Tls { .. },
            Some(cause),
        ) => chain(cause),
        _ => chain(error),
    }
}

fn token_request(error: &TokenError, hint: fn(&ErrorResponse) -> Hint) -> Hint {
    request(error.request_failure(), |response| Some(hint(response)))
        .unwrap_or_else(|| say("sign in again; if it stays like this, look for a newer login-cli"))
}

fn code(response: &ErrorResponse) -> Hint {
    say(match (response.status, response.code.as_deref()) {
        (_, Some("invalid_client" | "unauthorized_client")) => CHECK_CLIENT_ID,
        (403, _) => "your workspace or country may not allow it: ask its administrator",
        (404, _) => CHECK_ISSUER,
        _ => "a code works once and for a short time: sign in again",
    })
}

/// A browser is the other way to sign in.
fn device_code(response: &ErrorResponse) -> Hint {
    match response.code.as_deref() {
        Some("invalid_client" | "unauthorized_client") => say(CHECK_CLIENT_ID),
        _ => say("without a device code: ").run("login --no-browser"),
    }
}

const CHECK_CLIENT_ID: &str = "check --client-id";
