//! The browser, the callback and the device code.

use std::io::ErrorKind::NetworkUnreachable;

use http_client::ErrorResponse;
use login::OAuthError;
use oauth_callback_server::{BindError, WaitError};
use serde_json::{Value, json};
use terminal_ui::{Hint, in_words, say};
use token_client::Error as TokenError;

use super::network::{self, CHECK_ISSUER, request};
use super::{Explanation, advise, chain, plain, ports, rejected, variant_name};

pub(crate) fn explain(error: &OAuthError) -> Explanation {
    match error {
        OAuthError::Bind(BindError::PortsInUse { taken }) => ports::explain(taken),
        OAuthError::Bind(BindError::Listen { source, .. })
            if source.kind() == NetworkUnreachable =>
        {
            advise("the browser cannot reach this machine: enable the loopback interface")
        }
        OAuthError::Callback(error) => callback(error),
        OAuthError::Unreachable { after, source } => {
            let (after, why) = (in_words(*after), chain(source));
            plain()
                .message(format!("the browser did not come back within {after}: {why}"))
                .hint(network::hint(source))
        }
        OAuthError::DeviceCode(TokenError::DeviceCodeNotEnabled) => advise(
            say("enable device codes in the security settings of your account, at \
                 https://chatgpt.com, or ask the administrator of your workspace to enable them; ")
            .and(with_a_browser()),
        ),
        OAuthError::CodeExchange(error) => advise(token_request(error, |response| {
            say(match (response.status, response.code.as_deref()) {
                (_, Some("invalid_client" | "unauthorized_client")) => CHECK_CLIENT_ID,
                (403, _) => {
                    "your workspace or country may not allow this sign-in: ask the administrator of the workspace"
                }
                (404, _) => CHECK_ISSUER,
                _ => "a code works once and for a short time: sign in again",
            })
        })),
        OAuthError::DeviceCode(error) => {
            advise(token_request(error, |response| match response.code.as_deref() {
                Some("invalid_client" | "unauthorized_client") => say(CHECK_CLIENT_ID),
                _ => with_a_browser(),
            }))
        }
        OAuthError::DeviceDenied => advise(TRY_ONCE_MORE),
        OAuthError::DeviceExpired => advise("run the command again for a new code"),
        _ => plain(),
    }
}

const TRY_ONCE_MORE: &str = "nothing was changed; run the command again to try once more";

const CHECK_CLIENT_ID: &str = "check --client-id";

fn with_a_browser() -> Hint {
    say("to sign in with a browser that you open yourself: ").run("login --no-browser")
}

fn callback(error: &WaitError) -> Explanation {
    match error {
        WaitError::Denied { error, error_description } => {
            let words = error_description.as_ref().map(|words| format!(": {words}"));
            plain()
                .message(format!("sign-in was not granted ({error}){}", words.unwrap_or_default()))
                .hint((error == "access_denied").then(|| say(TRY_ONCE_MORE)))
                .fields(json!({ "code": error }))
        }
        WaitError::TimedOut { after, rejected } => {
            let mut message = format!("the browser did not come back within {}", in_words(*after));
            let mut hint = "run the command again, or wait longer with --timeout";
            for (place, kind) in rejected.iter().enumerate() {
                let (why, remedy) = rejected::explanation(*kind);
                message = format!("{message}; {why}");
                hint = if place == 0 { remedy } else { hint };
            }
            let rejected: Value = rejected.iter().map(variant_name).collect();
            advise(hint).message(message).fields(json!({ "rejected": rejected }))
        }
        WaitError::MissingCode => advise("run the command again"),
        WaitError::WrongIssuer => {
            advise("check --issuer; if it is right, someone may have interfered with the sign-in")
        }
        _ => plain(),
    }
}

fn token_request(error: &TokenError, hint: fn(&ErrorResponse) -> Hint) -> Hint {
    request(error.request_failure(), |response| Some(hint(response)))
        .unwrap_or_else(|| say("sign in again; if that does not help, look for a newer login-cli"))
}
