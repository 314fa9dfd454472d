//! What a person can do about a failure, where there is something to do.

use std::io;
use std::time::Duration;

use auth_store::{Error as StoreError, Location};
use credentials::ClaimMismatch;
use http_client::{DecodeError, Refusal};
use login::Error as LoginError;
use oauth_callback_server::{BindError, WaitError};
use platform_api::{Call, Error as PlatformError};
use printable::excerpt;
use token_client::Error as TokenError;

use super::network::{NOT_THE_SERVER, http};
use super::ports;
use crate::terminal::in_words;

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
        LoginError::KeyCreation { name, source } => Some(key_creation(name, source)),
        LoginError::UnknownOrganization { offered, .. } => {
            list("its organizations", offered.iter().map(|it| (it.id.as_str(), &it.title)))
        }
        LoginError::UnknownProject { offered, .. } => {
            list("its projects", offered.iter().map(|it| (it.id.as_str(), &it.title)))
        }
        LoginError::NoProject { failure: Some(failure), .. } => platform(failure),
        LoginError::NoProject { seen, .. } if seen.inaccessible == seen.organizations => {
            (seen.organizations > 0)
                .then(|| NO_ACCESS.to_owned())
                .or_else(|| account(error).map(Into::into))
        }
        LoginError::Undelivered { kept, .. } => Some(undelivered(*kept).into()),
        LoginError::Unkept { source, .. } => Some(unkept(source)),
        LoginError::Refresh(error) => Some(refresh(error)),
        LoginError::OtherIssuer { stored, .. } => {
            Some(format!("give --issuer {}", excerpt(stored, 200)))
        }
        other => account(other).map(Into::into),
    }
}

/// What has to do with who signed in.
fn account(error: &LoginError) -> Option<&'static str> {
    Some(match error {
        LoginError::WrongClaim(ClaimMismatch::Issuer | ClaimMismatch::Nobody) => "check --issuer",
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
        LoginError::UnknownMode { .. } => {
            "refresh it with the program that made it, or sign in here with login-cli login"
        }
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
    let status = |refusal: &Refusal| match (refusal.status, refusal.code.as_deref()) {
        (_, Some("invalid_client" | "unauthorized_client")) => "check --client-id",
        (403, _) => "your workspace or country may not allow it: ask its administrator",
        (404, _) => CHECK_ISSUER,
        _ => "a code works once and for a short time: sign in again",
    };
    token(error, status).unwrap_or_else(|| ODD_ANSWER.to_owned())
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
    let without = "to sign in without an API key, use --no-api-key";
    token(error, |_| without).unwrap_or_else(|| without.to_owned())
}

fn refresh(error: &TokenError) -> String {
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
        TokenError::Http(error) => http(error),
        TokenError::Refused(refusal) => {
            Some(server(refusal).unwrap_or_else(|| refused(refusal).to_owned()))
        }
        TokenError::Misshapen(DecodeError::NotJson { .. }) => Some(NOT_THE_SERVER.to_owned()),
        _ => None,
    }
}

/// What a refusal means wherever it comes from.
fn server(refusal: &Refusal) -> Option<String> {
    Some(match (refusal.status, refusal.retry_after) {
        (429 | 503, Some(pause)) => format!("wait {}, and try again", in_words(rounded(pause))),
        (429, None) => "wait a little, and try again".to_owned(),
        (500.., _) => "the server has a problem: try again later".to_owned(),
        _ if !refusal.is_json => NOT_THE_SERVER.to_owned(),
        _ => return None,
    })
}

/// Nobody waits longer than a day because a server says so.
fn rounded(pause: Duration) -> Duration {
    pause.clamp(Duration::from_secs(1), Duration::from_secs(24 * 60 * 60))
}

fn key_creation(name: &str, error: &PlatformError) -> String {
    if error.may_have_created_key() {
        return key_may_exist(name);
    }
    platform(error).unwrap_or_else(|| NO_KEY.to_owned())
}

const NO_KEY: &str = "no key was made: try again";

const NO_ACCESS: &str = "ask an owner of the organization for access to a project, or choose another with --organization";

fn platform(error: &PlatformError) -> Option<String> {
    let hint = match error {
        PlatformError::Http { source, .. } => return http(source),
        PlatformError::Misshapen { source: DecodeError::NotJson { .. }, .. } => NOT_THE_SERVER,
        PlatformError::Refused { refusal, call } => {
            return server(refusal).or_else(|| at_call(*call, refusal.status).map(Into::into));
        }
        _ => return None,
    };
    Some(hint.to_owned())
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
