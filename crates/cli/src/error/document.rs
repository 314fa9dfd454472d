//! An error as JSON. `docs/json.md` describes its fields.

use std::io;
use std::time::Duration;

use http_client::{Error as HttpError, ErrorKind as HttpErrorKind, ErrorResponse};
use login::{ErrorKind, OAuthErrorKind, RevocationError, ServerCause};
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
    let of_server = server_cause(error).map(server_fields).unwrap_or_default();
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
        CliError::Login(error) => kind_of_login(error.kind()),
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

fn kind_of_login(kind: ErrorKind) -> (&'static str, u8) {
    match kind {
        ErrorKind::OAuth(kind) => kind_of_request(kind),
        ErrorKind::AccountNotSetUp => ("account_not_set_up", 1),
        ErrorKind::Cancelled => ("interrupted", Interrupt::CtrlC.exit_code()),
        ErrorKind::NoAccessToken => ("not_held", 1),
        ErrorKind::NoProject => ("no_project", 1),
        ErrorKind::NotDelivered => ("not_delivered", 1),
        ErrorKind::NotSignedIn => ("not_signed_in", 3),
        ErrorKind::NotStored => ("not_kept", 1),
        ErrorKind::NothingToRefresh => ("nothing_to_refresh", 1),
        ErrorKind::OtherClient => ("other_client", 1),
        ErrorKind::OtherIssuer => ("other_issuer", 1),
        ErrorKind::SignInEnded => ("sign_in_ended", 3),
        ErrorKind::SignInLost => ("sign_in_lost", 1),
        ErrorKind::Store => ("store", 1),
        ErrorKind::StoreBusy => ("store_busy", 1),
        ErrorKind::UnknownOrganization => ("unknown_organization", 1),
        ErrorKind::UnknownProject => ("unknown_project", 1),
        ErrorKind::WrongWorkspace => ("wrong_workspace", 1),
    }
}

fn kind_of_request(kind: OAuthErrorKind) -> (&'static str, u8) {
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

fn server_cause(error: &CliError) -> Option<ServerCause<'_>> {
    match error {
        CliError::Login(error) => error.server_cause(),
        CliError::SignedInWithoutApiKey(error) => error.server_cause(),
        CliError::NotRevoked { source, .. } => match source.as_ref() {
            RevocationError::Refused(error) => ServerCause::from_token_error(error),
            _ => None,
        },
        _ => None,
    }
}

fn server_fields(cause: ServerCause<'_>) -> Value {
    match cause {
        ServerCause::NoResponse(error) => no_response(error),
        ServerCause::ErrorResponse(response) => error_response(response),
        ServerCause::InvalidResponse(_) => Value::Null,
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
