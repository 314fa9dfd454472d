//! An error as JSON. `docs/json.md` describes its fields.

use std::io;
use std::time::Duration;

use http_client::{Error as HttpError, ErrorKind as HttpErrorKind, ErrorResponse, RequestFailure};
use login::{Error, OAuthErrorKind, RevocationError};
use printable::excerpt;
use serde_json::{Value, json};
use terminal_ui::CommandPrefix;

use super::{CliError, Explanation, chain};
use crate::signals::Interrupt;

/// The maximum length of a message. Messages without text from a server are shorter.
const LONGEST: usize = 1000;

pub(super) fn from_error(
    error: &CliError,
    explanation: Explanation,
    prefix: &CommandPrefix,
) -> Value {
    let (kind, exit_code) = kind(error);
    let message = explanation.message.unwrap_or_else(|| chain(error));
    let hint = explanation.hint.map(|hint| hint.to_plain_text(prefix));
    let mut document = json!({
        "kind": kind,
        "message": excerpt(&message, LONGEST),
        "hint": hint.map(|hint| excerpt(&hint, LONGEST)),
        "exit_code": exit_code,
        "transient": is_transient(error),
    });
    let of_server = request_failure(error).map(server_fields).unwrap_or_default();
    for more in [of_server, explanation.fields] {
        if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
            document.extend(more);
        }
    }
    document
}

/// Whether the same command may work later. A user who was too late can come back.
fn is_transient(error: &CliError) -> bool {
    let passes = matches!(error, CliError::Login(error) if error.is_transient());
    passes || kind(error).0 == "timed_out"
}

/// The stable identifier of an error, and its exit code. Scripts rely on both, and `docs/json.md` has a
/// row for each.
pub(super) fn kind(error: &CliError) -> (&'static str, u8) {
    match error {
        CliError::Login(error) => kind_of_login(error),
        CliError::SignedInWithoutApiKey(_) => ("no_api_key", 1),
        CliError::Setup(_) => ("network", 1),
        CliError::NoHome => ("no_home", 1),
        CliError::Usage(_) | CliError::ServersApart | CliError::Variable { .. } => {
            ("wrong_usage", 2)
        }
        CliError::NotHeld { .. } => ("not_held", 1),
        CliError::NoApiKey(_) | CliError::NoAccessToken(_) | CliError::Input(_) => ("bad_input", 1),
        CliError::NotRevoked { .. } => ("not_revoked", 1),
        CliError::Profiles(_) => ("store", 1),
        CliError::Problems(_) => ("problems", 1),
        // As a shell has them.
        CliError::NotStarted { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => ("program_not_found", 127),
            _ => ("program_not_runnable", 126),
        },
        CliError::Output(_) | CliError::ReaderGone => ("output", 1),
        CliError::Runtime(_) => ("system", 1),
        CliError::Interrupted { by, .. } => match by {
            Interrupt::CtrlC => ("interrupted", by.exit_code()),
            Interrupt::Terminated => ("terminated", by.exit_code()),
        },
    }
}

fn kind_of_login(error: &Error) -> (&'static str, u8) {
    let kind = match error {
        Error::OAuth(error) => return kind_of_oauth(error.kind()),
        Error::Cancelled => return ("interrupted", Interrupt::CtrlC.exit_code()),
        Error::NotSignedIn(_) => return ("not_signed_in", 3),
        Error::SignInExpired { .. } | Error::SignInEnded(_) => {
            return ("sign_in_ended", 3);
        }
        Error::Refresh(_)
        | Error::KeyExchange { .. }
        | Error::Platform(_)
        | Error::KeyCreation { .. } => error.request_failure().map_or("refused", kind_of_request),
        Error::InvalidIdToken(_)
        | Error::InvalidAccessToken(_)
        | Error::InvalidRefreshResponse { .. }
        | Error::MalformedJwt { .. } => "unusable_answer",
        Error::Store(error) | Error::NotWritable(error) if !error.is_transient() => "store",
        Error::Store(_) | Error::NotWritable(_) | Error::StoreBusy { .. } => "store_busy",
        Error::ListTimedOut { .. } => "timed_out",
        Error::MissingClaim { .. } => "account_not_set_up",
        Error::NoAccessToken(_) => "not_held",
        Error::NoProject { .. } => "no_project",
        Error::NothingChosen | Error::PromptFailed(_) => "system",
        Error::NotDelivered { .. } => "not_delivered",
        Error::NotStored { .. } => "not_kept",
        Error::NothingToRefresh(_) | Error::UnsupportedAuthMode { .. } => "nothing_to_refresh",
        Error::OtherClient { .. } => "other_client",
        Error::OtherIssuer { .. } => "other_issuer",
        Error::TokensNotStored(_) => "sign_in_lost",
        Error::UnknownOrganization { .. } => "unknown_organization",
        Error::UnknownProject { .. } => "unknown_project",
        Error::WrongWorkspace { .. } => "wrong_workspace",
    };
    (kind, 1)
}

fn kind_of_oauth(kind: OAuthErrorKind) -> (&'static str, u8) {
    match kind {
        OAuthErrorKind::Denied => ("denied", 1),
        OAuthErrorKind::DeviceCodeNotEnabled => ("device_code_not_enabled", 1),
        OAuthErrorKind::ErrorResponse => ("refused", 1),
        OAuthErrorKind::InvalidCallback => ("bad_callback", 1),
        OAuthErrorKind::InvalidResponse => ("unusable_answer", 1),
        OAuthErrorKind::NoResponse => ("network", 1),
        OAuthErrorKind::PortInUse => ("port_in_use", 13),
        OAuthErrorKind::Configuration | OAuthErrorKind::System => ("system", 1),
        OAuthErrorKind::TimedOut => ("timed_out", 1),
    }
}

fn kind_of_request(failure: RequestFailure<'_>) -> &'static str {
    match failure {
        RequestFailure::NoResponse(_) => "network",
        RequestFailure::ErrorResponse(_) => "refused",
        RequestFailure::InvalidResponse(_) => "unusable_answer",
    }
}

fn request_failure(error: &CliError) -> Option<RequestFailure<'_>> {
    match error {
        CliError::Login(error) => error.request_failure(),
        CliError::SignedInWithoutApiKey(error) => error.request_failure(),
        CliError::NotRevoked { source, .. } => match source.as_ref() {
            RevocationError::Refused(error) => error.request_failure(),
            _ => None,
        },
        _ => None,
    }
}

fn server_fields(failure: RequestFailure<'_>) -> Value {
    match failure {
        RequestFailure::NoResponse(error) => no_response(error),
        RequestFailure::ErrorResponse(response) => error_response(response),
        RequestFailure::InvalidResponse(_) => Value::Null,
    }
}

/// Why there is no response, and from which server.
pub(crate) fn no_response(error: &HttpError) -> Value {
    let cause = match error.kind() {
        HttpErrorKind::Setup => "setup",
        HttpErrorKind::Dns => "dns",
        HttpErrorKind::Connect => "connect",
        HttpErrorKind::Proxy => "proxy",
        HttpErrorKind::Tls => "tls",
        HttpErrorKind::Timeout => "timeout",
        HttpErrorKind::CutOff => "cut_off",
        HttpErrorKind::Redirect => "redirect",
        HttpErrorKind::TooLarge => "too_large",
        HttpErrorKind::InvalidRequest => "other",
    };
    json!({ "cause": cause, "host": error.host() })
}

fn error_response(response: &ErrorResponse) -> Value {
    json!({
        "status": response.status,
        "code": response.code,
        "retry_after_seconds": response.retry_after.map(in_seconds),
        "request_id": response.request_id,
    })
}

/// A pause that is over when it is.
fn in_seconds(pause: Duration) -> u64 {
    pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
}
