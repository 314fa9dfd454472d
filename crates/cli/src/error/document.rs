//! An error as JSON. `docs/json.md` describes its fields.

use std::io;
use std::time::Duration;

use auth_store::{Error as StoreError, ErrorKind as StoreErrorKind};
use http_client::{Error as HttpError, ErrorKind as HttpErrorKind, ErrorResponse};
use login::{Error as LoginError, ErrorKind, OAuthError, RevocationError, ServerCause};
use oauth_callback_server::{BindError, PortInUse, WaitError};
use printable::excerpt;
use serde_json::{Value, json};

use super::{CliError, LONGEST, rejected};
use crate::signals::Interrupt;
use crate::stdin::BadSecret;

pub(super) fn from_error(error: &CliError, hint: Option<&str>) -> Value {
    let (kind, exit_code) = kind(error);
    let mut document = json!({
        "kind": kind,
        "message": excerpt(&error.message(), LONGEST),
        "hint": hint.map(|hint| excerpt(hint, LONGEST)),
        "exit_code": exit_code,
        "transient": matches!(error, CliError::Login(error) if error.is_transient()),
    });
    let of_server = server_cause(error).map(server_fields).unwrap_or_default();
    for more in [of_server, fields(error)] {
        if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
            document.extend(more);
        }
    }
    document
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
        ErrorKind::AccountNotSetUp => ("account_not_set_up", 1),
        ErrorKind::Cancelled => ("interrupted", Interrupt::CtrlC.exit_code()),
        ErrorKind::Denied => ("denied", 1),
        ErrorKind::DeviceCodeNotEnabled => ("device_code_not_enabled", 1),
        ErrorKind::InvalidCallback => ("bad_callback", 1),
        ErrorKind::InvalidResponse => ("unusable_answer", 1),
        ErrorKind::Network => ("network", 1),
        ErrorKind::NoAccessToken => ("not_held", 1),
        ErrorKind::NoProject => ("no_project", 1),
        ErrorKind::NotDelivered => ("not_delivered", 1),
        ErrorKind::NotSignedIn => ("not_signed_in", 3),
        ErrorKind::NotStored => ("not_kept", 1),
        ErrorKind::NothingToRefresh => ("nothing_to_refresh", 1),
        ErrorKind::OtherClient => ("other_client", 1),
        ErrorKind::OtherIssuer => ("other_issuer", 1),
        ErrorKind::PortInUse => ("port_in_use", 13),
        ErrorKind::Refused => ("refused", 1),
        ErrorKind::SignInEnded => ("sign_in_ended", 3),
        ErrorKind::SignInLost => ("sign_in_lost", 1),
        ErrorKind::Store => ("store", 1),
        ErrorKind::StoreBusy => ("store_busy", 1),
        ErrorKind::System => ("system", 1),
        ErrorKind::TimedOut => ("timed_out", 1),
        ErrorKind::UnknownOrganization => ("unknown_organization", 1),
        ErrorKind::UnknownProject => ("unknown_project", 1),
        ErrorKind::WrongWorkspace => ("wrong_workspace", 1),
    }
}

fn server_cause(error: &CliError) -> Option<ServerCause<'_>> {
    match error {
        CliError::Login(error) => error.server_cause(),
        CliError::SignedInWithoutApiKey(error) => error.server_cause(),
        CliError::NotRevoked { source, .. } => match source.as_ref() {
            RevocationError::Refused(error) => Some(ServerCause::Token(error)),
            _ => None,
        },
        _ => None,
    }
}

fn server_fields(cause: ServerCause<'_>) -> Value {
    match (cause.http_error(), cause.error_response()) {
        (Some(error), _) => no_response(error),
        (_, Some(response)) => error_response(response),
        (None, None) => Value::Null,
    }
}

/// Why there is no response, and from which server.
pub(crate) fn no_response(error: &HttpError) -> Value {
    let cause = match error.kind() {
        HttpErrorKind::Setup => SETUP,
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

const SETUP: &str = "setup";

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

fn fields(error: &CliError) -> Value {
    match error {
        CliError::Login(error) => login_fields(error),
        CliError::SignedInWithoutApiKey(error) => login_fields(error),
        CliError::Setup(_) => json!({ "cause": SETUP }),
        CliError::NoApiKey(bad) | CliError::NoAccessToken(bad) => {
            json!({ "cause": secret_cause(bad) })
        }
        CliError::Input(_) => json!({ "cause": "unreadable" }),
        CliError::NotRevoked { location, .. } => json!({ "removed_from": location.to_string() }),
        _ => Value::Null,
    }
}

fn secret_cause(bad: &BadSecret) -> &'static str {
    match bad {
        BadSecret::AccessToken => "access_token",
        BadSecret::ApiKey => "api_key",
        BadSecret::IdToken => "id_token",
        BadSecret::Expired(_) => "expired",
        _ => "malformed",
    }
}

fn login_fields(error: &LoginError) -> Value {
    match error {
        LoginError::OAuth(OAuthError::Bind(BindError::PortsInUse { taken })) => {
            json!({ "ports": taken.iter().map(port).collect::<Vec<_>>() })
        }
        LoginError::OAuth(OAuthError::Callback(WaitError::Denied { error, .. })) => {
            json!({ "code": error })
        }
        LoginError::OAuth(OAuthError::Callback(WaitError::TimedOut { rejected, .. })) => {
            let reasons = rejected.iter().map(|kind| rejected::reason(*kind));
            json!({ "rejected": reasons.collect::<Vec<_>>() })
        }
        LoginError::Store(error) | LoginError::NotWritable(error) => {
            json!({ "cause": store_cause(error) })
        }
        LoginError::KeyExchange { name, .. } | LoginError::KeyCreation { name, .. } => {
            json!({ "key_name": name, "key_may_exist": error.key_may_exist() })
        }
        LoginError::NotDelivered { name, kept, .. } => json!({ "key_name": name, "kept": kept }),
        LoginError::NotStored { name, source, .. } => {
            json!({ "key_name": name, "cause": store_cause(source) })
        }
        LoginError::UnknownOrganization { offered, .. } => {
            offer(offered.iter().map(|it| (it.id.as_str(), &it.title)))
        }
        LoginError::UnknownProject { offered, .. } => {
            offer(offered.iter().map(|it| (it.id.as_str(), &it.title)))
        }
        LoginError::OtherIssuer { stored, .. } => json!({ "issuer": stored }),
        LoginError::OtherClient { stored, .. } => json!({ "client_id": stored }),
        LoginError::SignInExpired { expired_at, .. } => {
            json!({ "expired_at": expired_at.to_string() })
        }
        LoginError::WrongWorkspace { workspace, .. } => json!({ "workspace": workspace }),
        _ => Value::Null,
    }
}

fn port(taken: &PortInUse) -> Value {
    let holder = taken.owner.as_ref();
    json!({
        "port": taken.port,
        "program": holder.and_then(|it| it.program.as_ref()),
        "pid": holder.and_then(|it| it.pid),
        "is_sign_in": holder.is_some_and(|it| it.same_program),
    })
}

fn offer<'a>(all: impl Iterator<Item = (&'a str, &'a Option<String>)>) -> Value {
    let each = all.map(|(id, title)| json!({ "id": id, "title": title }));
    json!({ "offered": each.collect::<Vec<_>>() })
}

fn store_cause(error: &StoreError) -> &'static str {
    match error.kind() {
        StoreErrorKind::NotWritable => "not_writable",
        StoreErrorKind::NotReplaced => "not_replaced",
        StoreErrorKind::Unreadable => "unreadable",
        StoreErrorKind::TooLarge => "too_large",
        StoreErrorKind::NoLocks => "no_locks",
        StoreErrorKind::Locked => "locked",
        StoreErrorKind::Changed => "changed",
        StoreErrorKind::External => "vault",
        StoreErrorKind::MayBeStored => "may_be_stored",
        StoreErrorKind::HalfWritten => "half_written",
        StoreErrorKind::NotAFile => "not_a_file",
        StoreErrorKind::UnsafePlace => "unsafe_place",
        StoreErrorKind::NotDurable => "not_durable",
        StoreErrorKind::Io => "other",
    }
}
