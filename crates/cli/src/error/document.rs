//! An error as JSON. `docs/json.md` describes its fields.

use std::borrow::Cow;
use std::fmt::Debug;
use std::io;

use http_client::{Error as HttpError, RequestFailure};
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
    let kind = kind(error);
    let message = explanation.message.unwrap_or_else(|| chain(error));
    let hint = explanation.hint.map(|hint| excerpt(&hint.to_plain_text(prefix), LONGEST));
    // The user who was too late can come back.
    let is_transient =
        kind == "timed_out" || matches!(error, CliError::Login(error) if error.is_transient());
    #[cfg(feature = "postgres")]
    let is_transient = match error {
        CliError::StoreInit(error) => error.is_transient(),
        _ => super::postgres::find(error).map_or(is_transient, super::postgres::is_transient),
    };
    let mut document = json!({
        "kind": kind,
        "message": excerpt(&message, LONGEST),
        "hint": hint,
        "exit_code": exit_code(&kind),
        "transient": is_transient,
    });
    extend(&mut document, request_failure(error).map(server_fields).unwrap_or_default());
    extend(&mut document, explanation.fields);
    document
}

/// Adds the fields of an object to another one.
pub(crate) fn extend(document: &mut Value, more: Value) {
    if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
        document.extend(more);
    }
}

/// As in the table of `docs/json.md`. 126 and 127 are those of a shell.
pub(super) fn exit_code(kind: &str) -> u8 {
    match kind {
        "wrong_usage" => 2,
        "not_signed_in" | "sign_in_ended" => 3,
        "port_in_use" => 13,
        "program_not_runnable" => 126,
        "program_not_found" => 127,
        "interrupted" => Interrupt::CtrlC.exit_code(),
        "terminated" => Interrupt::Terminated.exit_code(),
        _ => 1,
    }
}

/// The stable identifier of an error. Scripts rely on it, and `docs/json.md` has a row for each.
pub(super) fn kind(error: &CliError) -> Cow<'static, str> {
    #[cfg(feature = "postgres")]
    if let Some(error) = super::postgres::find(error) {
        return super::postgres::kind(error).into();
    }
    let kind = match error {
        CliError::Login(error) => return kind_of_login(error),
        CliError::SignedInWithoutApiKey(_) => "no_api_key",
        CliError::Setup(_) => "network",
        #[cfg(feature = "postgres")]
        CliError::Postgres(error) => super::postgres::kind(error),
        #[cfg(feature = "postgres")]
        CliError::StoreInit(error) => super::postgres::kind_of(error.kind()),
        CliError::NoHome => "no_home",
        CliError::Usage(_) | CliError::ServersApart | CliError::Variable { .. } => "wrong_usage",
        CliError::NoCredential { .. } => "no_credential",
        CliError::WrongSecret { .. } | CliError::Input(_) => "bad_input",
        CliError::NotRevoked { .. } => "not_revoked",
        CliError::Profiles(_) => "store",
        #[cfg(feature = "postgres")]
        CliError::SignInExists { .. } => "store",
        CliError::Problems { .. } => "problems",
        CliError::NotStarted { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            "program_not_found"
        }
        CliError::NotStarted { .. } => "program_not_runnable",
        CliError::Output(_) | CliError::ReaderGone => "output",
        CliError::Runtime(_) => "system",
        CliError::Interrupted { by: Interrupt::CtrlC, .. } => "interrupted",
        CliError::Interrupted { by: Interrupt::Terminated, .. } => "terminated",
    };
    kind.into()
}

fn kind_of_login(error: &Error) -> Cow<'static, str> {
    let kind = match error {
        Error::OAuth(error) => return kind_of_oauth(error.kind()),
        Error::Cancelled => "interrupted",
        Error::NotSignedIn(_) => "not_signed_in",
        Error::SignInExpired { .. } | Error::SignInEnded(_) | Error::AccessTokenNotAccepted(_) => {
            "sign_in_ended"
        }
        Error::AccessTokenExpired => "access_token_expired",
        Error::Refresh(_)
        | Error::KeyExchange { .. }
        | Error::Platform(_)
        | Error::KeyCreation { .. } => match error.request_failure() {
            Some(RequestFailure::NoResponse(_)) => "network",
            Some(RequestFailure::InvalidResponse(_)) => "invalid_response",
            Some(RequestFailure::ErrorResponse(_)) | None => "refused",
        },
        Error::InvalidIdToken(_)
        | Error::InvalidAccessToken(_)
        | Error::InvalidRefreshResponse { .. }
        | Error::MalformedJwt { .. } => "invalid_response",
        Error::Store(error) | Error::NotWritable(error) if !error.is_transient() => "store",
        Error::Store(_) | Error::NotWritable(_) | Error::StoreBusy { .. } => "store_busy",
        Error::ListTimedOut { .. } => "timed_out",
        Error::AccountNotSetUp(_) => "account_not_set_up",
        Error::NoAccessToken(_) => "no_credential",
        Error::NoProject { .. } => "no_project",
        Error::NothingChosen | Error::PromptFailed(_) => "system",
        Error::NotDelivered { .. } => "not_delivered",
        Error::NotStored { .. } => "not_stored",
        Error::NothingToRefresh(_) | Error::UnsupportedAuthMode { .. } => "nothing_to_refresh",
        Error::OtherClient { .. } => "other_client",
        Error::OtherIssuer { .. } => "other_issuer",
        Error::TokensNotStored(_) => "sign_in_lost",
        Error::UnknownOrganization { .. } => "unknown_organization",
        Error::UnknownProject { .. } => "unknown_project",
        Error::WrongWorkspace { .. } => "wrong_workspace",
    };
    kind.into()
}

fn kind_of_oauth(kind: OAuthErrorKind) -> Cow<'static, str> {
    match kind {
        OAuthErrorKind::Configuration | OAuthErrorKind::System => "system".into(),
        OAuthErrorKind::ErrorResponse => "refused".into(),
        OAuthErrorKind::NoResponse => "network".into(),
        kind => variant_name(&kind).into(),
    }
}

/// The name of a variant without fields as an identifier of JSON: `CutOff` is `cut_off`. `docs/json.md` lists
/// them, and a test compares them with that list.
pub(crate) fn variant_name(variant: &impl Debug) -> String {
    let mut name = String::new();
    for c in format!("{variant:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
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
        RequestFailure::ErrorResponse(response) => json!({
            "status": response.status,
            "code": response.code,
            // Rounded up.
            "retry_after_seconds":
                response.retry_after.map(|it| it.as_secs() + u64::from(it.subsec_nanos() > 0)),
            "request_id": response.request_id,
        }),
        RequestFailure::InvalidResponse(_) => Value::Null,
    }
}

/// Why there is no response, and from which server.
pub(crate) fn no_response(error: &HttpError) -> Value {
    json!({ "cause": variant_name(&error.kind()), "host": error.host() })
}
