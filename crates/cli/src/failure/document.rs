//! A failure as a program reads it: what every one of them has, and what only some have.

use std::time::Duration;

use auth_store::Error as StoreError;
use http_client::{Error as HttpError, ErrorResponse};
use login::Error as LoginError;
use oauth_callback_server::{BindError, PortInUse, WaitError};
use printable::excerpt;
use serde_json::{Value, json};
use token_client::Error as TokenError;

use super::hints::may_have_created_key;
use super::kind::Kind;
use super::underneath::{self, Underneath};
use super::{Failure, LONGEST, rejected};
use crate::stdin::BadSecret;

pub(super) fn from_failure(failure: &Failure, hint: Option<&str>) -> Value {
    let kind = Kind::from_failure(failure);
    let mut document = json!({
        "kind": kind.word(),
        "message": excerpt(&failure.what(), LONGEST),
        "hint": hint.map(|hint| excerpt(hint, LONGEST)),
        "exit_code": kind.exit_code(),
        "transient": is_transient(failure, kind),
    });
    let of_server = underneath::find(failure).map(of_server).unwrap_or_default();
    for more in [of_server, details(failure)] {
        if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
            document.extend(more);
        }
    }
    document
}

/// Whether the same command may well work in a while. Where a key may exist already, another try could
/// make another one.
fn is_transient(failure: &Failure, kind: Kind) -> bool {
    let is_decided = !matches!(failure, Failure::Login(error) if is_unconfirmed(error));
    let passes = underneath::find(failure).is_some_and(Underneath::is_transient)
        || is_refused_by_a_gateway(failure);
    let counts = matches!(kind, Kind::Network | Kind::Refused | Kind::NoProject | Kind::TimedOut);
    kind == Kind::StoreBusy || (counts && passes && is_decided)
}

/// A 401 of the issuer itself would have ended the sign-in.
fn is_refused_by_a_gateway(failure: &Failure) -> bool {
    let Failure::Login(LoginError::Refresh(TokenError::ErrorResponse(refusal))) = failure else {
        return false;
    };
    refusal.status == 401
}

fn of_server(underneath: Underneath<'_>) -> Value {
    match underneath {
        Underneath::NoAnswer(error) => no_answer(error),
        Underneath::Refused(refusal) => refused(refusal),
        Underneath::Unusable | Underneath::NotEnabled => Value::Null,
    }
}

/// Why there is no answer, and whose.
pub(crate) fn no_answer(error: &HttpError) -> Value {
    let cause = match error {
        HttpError::Setup { .. } => SETUP,
        HttpError::Dns { .. } => "dns",
        HttpError::Connect { .. } => "connect",
        HttpError::Proxy { .. } => "proxy",
        HttpError::Tls { .. } => "tls",
        HttpError::Timeout { .. } => "timeout",
        HttpError::CutOff { .. } => "cut_off",
        HttpError::Redirect { .. } => "redirect",
        HttpError::TooLarge { .. } => "too_large",
        _ => OTHER,
    };
    json!({ "cause": cause, "host": error.host() })
}

const SETUP: &str = "setup";
const OTHER: &str = "other";

fn refused(refusal: &ErrorResponse) -> Value {
    json!({
        "status": refusal.status,
        "code": refusal.code,
        "retry_after_seconds": refusal.retry_after.map(in_seconds),
        "request_id": refusal.request_id,
    })
}

/// A pause that is over when it is.
fn in_seconds(pause: Duration) -> u64 {
    pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
}

fn details(failure: &Failure) -> Value {
    match failure {
        Failure::Login(error) => of_login(error),
        Failure::SignedInWithoutApiKey(error) => of_login(error),
        Failure::Setup(_) => json!({ "cause": SETUP }),
        Failure::NoApiKey(bad) | Failure::NoAccessToken(bad) => json!({ "cause": of_secret(bad) }),
        Failure::Input(_) => json!({ "cause": "unreadable" }),
        Failure::NotRevoked { location, .. } => json!({ "removed_from": location.to_string() }),
        _ => Value::Null,
    }
}

fn of_secret(bad: &BadSecret) -> &'static str {
    match bad {
        BadSecret::AccessToken => "access_token",
        BadSecret::ApiKey => "api_key",
        BadSecret::IdToken => "id_token",
        BadSecret::Expired(_) => "expired",
        _ => "malformed",
    }
}

fn of_login(error: &LoginError) -> Value {
    match error {
        LoginError::Bind(BindError::PortsInUse { taken }) => {
            json!({ "ports": taken.iter().map(port).collect::<Vec<_>>() })
        }
        LoginError::Callback(WaitError::Denied { error, .. }) => json!({ "code": error }),
        LoginError::Callback(WaitError::TimedOut { rejected, .. }) => {
            let reasons = rejected.iter().map(|kind| rejected::reason(*kind));
            json!({ "rejected": reasons.collect::<Vec<_>>() })
        }
        LoginError::Store(error) | LoginError::Unstorable(error) => {
            json!({ "cause": of_store(error) })
        }
        LoginError::KeyExchange { name, .. } | LoginError::KeyCreation { name, .. } => {
            json!({ "key_name": name, "key_may_exist": is_unconfirmed(error) })
        }
        LoginError::Undelivered { name, kept, .. } => json!({ "key_name": name, "kept": kept }),
        LoginError::Unkept { name, source, .. } => {
            json!({ "key_name": name, "cause": of_store(source) })
        }
        LoginError::UnknownOrganization { offered, .. } => {
            offer(offered.iter().map(|it| (it.id.as_str(), &it.title)))
        }
        LoginError::UnknownProject { offered, .. } => {
            offer(offered.iter().map(|it| (it.id.as_str(), &it.title)))
        }
        LoginError::OtherIssuer { stored, .. } => json!({ "issuer": stored }),
        LoginError::OtherClient { stored, .. } => json!({ "client_id": stored }),
        LoginError::SignInOver { expired_at, .. } => {
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

fn of_store(error: &StoreError) -> &'static str {
    match error {
        StoreError::NotWritable { .. } => "not_writable",
        StoreError::NotReplaced { .. } => "not_replaced",
        StoreError::Corrupt { .. } | StoreError::TooLarge { .. } => "unreadable",
        StoreError::Outgrown { .. } => "too_large",
        StoreError::NoLocks { .. } => "no_locks",
        StoreError::Locked { .. } => "locked",
        StoreError::Changed { .. } => "changed",
        StoreError::Vault { .. } => "vault",
        StoreError::MayBeStored { .. } => "may_be_stored",
        StoreError::HalfWritten { .. } => "half_written",
        StoreError::NotAFile { .. } => "not_a_file",
        StoreError::ForeignOwner { .. } | StoreError::WorldWritable { .. } => "unsafe_place",
        StoreError::NotDurable { .. } => "not_durable",
        _ => OTHER,
    }
}

/// Whether a key may exist although nobody has it.
fn is_unconfirmed(error: &LoginError) -> bool {
    match error {
        LoginError::KeyExchange { source, .. } => may_have_created_key(source),
        LoginError::KeyCreation { source, .. } => source.may_have_created_key(),
        _ => false,
    }
}
