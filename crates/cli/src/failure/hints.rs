//! What a person can do about a failure, where there is something to do.

use std::io;

use auth_store::{Error as StoreError, Location};
use credentials::ClaimMismatch;
use http_client::{DecodeError, Refusal};
use login::Error as LoginError;
use oauth_callback_server::{BindError, WaitError};
use printable::excerpt;
use token_client::Error as TokenError;

use super::network::{NOT_THE_SERVER, http};
use super::ports;

/// After the creation of a key whose outcome is not known.
pub(crate) fn key_may_exist(name: &str) -> String {
    format!(
        "a key named \"{name}\" may exist: look at https://platform.openai.com/api-keys before you \
         try again"
    )
}

pub(super) fn login(error: &LoginError) -> Option<String> {
    match error {
        LoginError::Bind(BindError::PortsInUse { taken }) => Some(ports::hint(taken)),
        LoginError::Bind(BindError::Listen { source, .. }) => listen(source).map(Into::into),
        LoginError::Store(error) => store(error).map(Into::into),
        LoginError::Callback(error) => callback(error).map(Into::into),
        LoginError::Code(error) => Some(code(error)),
        LoginError::KeyExchange { name, source } => Some(key_exchange(name, source)),
        LoginError::Platform(error) => platform(error),
        LoginError::UnknownOrganization { offered, .. } => {
            list("its organizations", offered.iter().map(|it| (it.id.as_str(), &it.title)))
        }
        LoginError::UnknownProject { offered, .. } => {
            list("its projects", offered.iter().map(|it| (it.id.as_str(), &it.title)))
        }
        LoginError::NoProject { failure: Some(failure), .. } => platform(failure),
        LoginError::Undelivered { kept, .. } => Some(undelivered(*kept).into()),
        LoginError::Unkept { source, .. } => Some(unkept(source)),
        LoginError::Refresh(error) => token(error),
        LoginError::OtherIssuer { stored, .. } => {
            Some(format!("give --issuer {}", excerpt(stored, 200)))
        }
        other => account(other).map(Into::into),
    }
}

/// What has to do with who signed in.
fn account(error: &LoginError) -> Option<&'static str> {
    Some(match error {
        LoginError::WrongClaim(ClaimMismatch::Issuer) => "check --issuer",
        LoginError::WrongClaim(ClaimMismatch::Audience) => "check --client-id",
        LoginError::WrongClaim(ClaimMismatch::Subject) => "sign in again with login-cli login",
        LoginError::WrongClaim(_) => "check the clock of this machine",
        LoginError::MissingClaim { .. } => {
            "set up the API platform for this account at https://platform.openai.com, or sign in \
             with --no-api-key"
        }
        LoginError::NotSignedIn { .. } => "sign in with login-cli login",
        LoginError::SignInEnded(_) => "sign in again with login-cli login",
        LoginError::NothingToRefresh { .. } => "sign in with ChatGPT: login-cli login",
        LoginError::UnusableAnswer { .. } => "try again; if it stays like this, sign in again",
        LoginError::Unsaved(StoreError::Vault { .. }) => {
            "see to that store, then sign in again with login-cli login"
        }
        LoginError::Unsaved(_) => {
            "make room or give back the permissions there, then sign in again with login-cli login"
        }
        LoginError::Busy { .. } => "another program is using it: try again when it is done",
        LoginError::NoProject { .. } => {
            "open https://platform.openai.com once to set up the account, or wait longer with \
             --poll-timeout"
        }
        _ => return None,
    })
}

fn listen(source: &io::Error) -> Option<&'static str> {
    let is_down = source.kind() == io::ErrorKind::NetworkUnreachable;
    is_down.then_some("the browser could not come back: bring the loopback interface up")
}

fn store(error: &StoreError) -> Option<&'static str> {
    Some(match error {
        StoreError::NotWritable { .. } | StoreError::Io { .. } => {
            "check the permissions and the free space there, or choose another folder with \
             --codex-home"
        }
        StoreError::Corrupt { location: Location::Vault(_), .. }
        | StoreError::TooLarge { location: Location::Vault(_), .. } => {
            "remove it with login-cli logout, then sign in again with login-cli login"
        }
        StoreError::Corrupt { .. } | StoreError::TooLarge { .. } => {
            "move the file away, or sign in again with login-cli login, which keeps a copy of it"
        }
        StoreError::Locked { .. } | StoreError::Changed { .. } => {
            "another program is using it: try again when it is done"
        }
        StoreError::NotAFile { .. } => "remove it, or choose another folder with --codex-home",
        StoreError::Vault { .. } => {
            "unlock or install it, or keep the credentials in a file with --store file"
        }
        StoreError::HalfWritten { .. } => "put the copy back in its place",
        StoreError::ForeignOwner { .. } | StoreError::WorldWritable { .. } => {
            "choose a folder of your own with --codex-home"
        }
        _ => return None,
    })
}

fn callback(error: &WaitError) -> Option<&'static str> {
    Some(match error {
        WaitError::Denied { error, .. } if error == "access_denied" => {
            "nothing was changed; run the command again to try once more"
        }
        WaitError::TimedOut { .. } => "run the command again, or wait longer with --timeout",
        WaitError::Superseded => "go on with the other one; nothing was changed by this one",
        WaitError::MissingCode => "run the command again",
        WaitError::WrongIssuer => {
            "check --issuer; if it is right, somebody may have interfered with the sign-in"
        }
        _ => return None,
    })
}

fn code(error: &TokenError) -> String {
    let expired = || "a code works once and for a short time: sign in again".to_owned();
    token(error).unwrap_or_else(expired)
}

/// The answer of an exchange may be lost, and then there is a key that nobody has.
fn key_exchange(name: &str, error: &TokenError) -> String {
    let undecided = match error {
        TokenError::Http(error) => !error.provably_not_sent(),
        TokenError::Refused(refusal) => refusal.status >= 500,
        TokenError::Misshapen(_) => true,
        _ => false,
    };
    if undecided {
        return key_may_exist(name);
    }
    token(error).unwrap_or_else(|| "to sign in without an API key, use --no-api-key".to_owned())
}

fn token(error: &TokenError) -> Option<String> {
    match error {
        TokenError::Http(error) => http(error),
        TokenError::Refused(refusal) => server(refusal).map(Into::into),
        TokenError::Misshapen(DecodeError::NotJson { .. }) => Some(NOT_THE_SERVER.to_owned()),
        _ => None,
    }
}

/// What a refusal means wherever it comes from.
fn server(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal.status {
        429 => "wait a little, and try again",
        500.. => "the server has a problem: try again later",
        _ if !refusal.is_json => NOT_THE_SERVER,
        _ => return None,
    })
}

fn platform(error: &platform_api::Error) -> Option<String> {
    let hint = match (error, error.status()) {
        _ if error.may_have_created_key() => {
            "a key of that name may exist: look at https://platform.openai.com/api-keys before you \
             try again"
        }
        (platform_api::Error::Http { source, .. }, _) => return http(source),
        (platform_api::Error::Misshapen { source: DecodeError::NotJson { .. }, .. }, _) => {
            NOT_THE_SERVER
        }
        (_, Some(401)) => "sign in again; if it stays like this, check --issuer and --api-base",
        (platform_api::Error::Refused { refusal, .. }, _) if server(refusal).is_some() => {
            server(refusal)?
        }
        (_, Some(403)) => "ask an owner of the organization for access",
        (_, Some(404)) => "check --organization, --project and --api-base",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn undelivered(kept: bool) -> &'static str {
    if kept {
        "it is kept in auth.json all the same"
    } else {
        "delete that key at https://platform.openai.com/api-keys, and create another"
    }
}

fn unkept(error: &StoreError) -> String {
    let then = store(error).map(|hint| format!("; {hint}"));
    format!("the key above works, keep it yourself{}", then.unwrap_or_default())
}

/// `its projects: proj_1 (Default project), proj_2`, as far as that fits a few lines.
fn list<'a>(
    what: &str,
    all: impl Iterator<Item = (&'a str, &'a Option<String>)>,
) -> Option<String> {
    let named = |(id, title): (&str, &Option<String>)| match title {
        Some(title) => format!("{id} ({})", excerpt(title, 40)),
        None => id.to_owned(),
    };
    let mut names: Vec<_> = all.take(9).map(named).collect();
    if names.len() == 9 {
        names[8] = "…".to_owned();
    }
    (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
}
