//! What a person can do about a failure, where there is something to do.

mod corrupt;
mod issuer;
mod platform;
mod store;

use std::io;
use std::time::Duration;

use auth_store::Error as StoreError;
use credentials::ClaimMismatch;
use http_client::ErrorResponse;
use login::openai::Mismatch;
use login::{Error as LoginError, OAuthError};
use oauth_callback_server::{BindError, WaitError};
use printable::excerpt;
use terminal_ui::{Hint, in_words, say};

use super::network::{self, NOT_THE_SERVER};
use super::{ports, rejected};

/// After the creation of a key whose outcome is not known.
pub(crate) fn key_may_exist(name: &str) -> String {
    format!(
        "a key named \"{name}\" may exist: look at https://platform.openai.com/api-keys before you \
         try again"
    )
}

/// The sign-in is stored, and its key is not there.
pub(super) fn without_api_key(error: &LoginError) -> Hint {
    match error {
        LoginError::KeyExchange { name, source } if source.may_have_taken_effect() => {
            say(key_may_exist(name))
        }
        LoginError::KeyExchange { source, .. } => issuer::signed_in_without_key(source),
        _ => issuer::other_key(),
    }
}

pub(crate) fn login(error: &LoginError) -> Option<Hint> {
    match error {
        LoginError::OAuth(OAuthError::Bind(BindError::PortsInUse { taken })) => {
            Some(say(ports::hint(taken)))
        }
        LoginError::OAuth(OAuthError::Bind(BindError::Listen { source, .. })) => {
            listen(source).map(say)
        }
        LoginError::Store(error) | LoginError::NotWritable(error) => store::any(error),
        LoginError::OAuth(OAuthError::Callback(error)) => callback(error).map(say),
        LoginError::OAuth(OAuthError::Unreachable { source, .. }) => network::hint(source),
        LoginError::OAuth(OAuthError::CodeExchange(error)) => Some(issuer::code(error)),
        LoginError::OAuth(OAuthError::DeviceCode(error)) => Some(issuer::device_code(error)),
        LoginError::KeyExchange { name, source } => Some(issuer::key_exchange(name, source)),
        LoginError::Platform(error) => platform::any(error),
        LoginError::KeyCreation { name, source } => Some(platform::key_creation(name, source)),
        LoginError::UnknownOrganization { offered, .. } => {
            list("its organizations", offered.iter().map(|it| (it.id.as_str(), &it.title))).map(say)
        }
        LoginError::UnknownProject { offered, .. } => {
            list("its projects", offered.iter().map(|it| (it.id.as_str(), &it.title))).map(say)
        }
        LoginError::NoProject { failure: Some(failure), .. } => platform::any(failure),
        LoginError::NoProject { seen, .. }
            if seen.inaccessible > 0 && seen.inaccessible == seen.organizations =>
        {
            Some(say(platform::NO_ACCESS))
        }
        LoginError::NotDelivered { kept, .. } => Some(say(store::undelivered(*kept))),
        LoginError::NotStored { handed_over, source, .. } => {
            Some(store::unkept(*handed_over, source))
        }
        LoginError::Refresh(error) => Some(issuer::refresh(error)),
        LoginError::OtherIssuer { stored, .. } => {
            Some(say(format!("give --issuer {}", excerpt(stored, 200))))
        }
        LoginError::OtherClient { .. } => {
            Some(say("leave out --client-id, or sign in with it: ").run("login"))
        }
        other => account(other).or_else(|| without_command(other).map(say)),
    }
}

/// What has to do with who signed in.
fn account(error: &LoginError) -> Option<Hint> {
    let again = || say("sign in again with ").run("login");
    Some(match error {
        LoginError::InvalidIdToken(mismatch) | LoginError::InvalidAccessToken(mismatch) => {
            claim(*mismatch)
        }
        LoginError::NotSignedIn { .. } => say("sign in with ").run("login"),
        LoginError::SignInExpired { other_mode: Some(_), .. }
        | LoginError::UnsupportedAuthMode { .. } => {
            say("refresh it with the program that made it, or sign in here with ").run("login")
        }
        LoginError::SignInExpired { has_api_key: true, .. } => {
            again().then("; the API key beside it still works: ").run("token --api-key")
        }
        LoginError::SignInEnded(_) | LoginError::SignInExpired { .. } => again(),
        LoginError::NothingToRefresh { .. } => say("sign in with ChatGPT: ").run("login"),
        LoginError::TokensNotStored(
            StoreError::External { .. } | StoreError::MayBeStored { .. },
        ) => say("see to that store, then ").and(again()),
        LoginError::TokensNotStored(_) => {
            say("make room or give back the permissions there, then ").and(again())
        }
        _ => return None,
    })
}

fn without_command(error: &LoginError) -> Option<&'static str> {
    Some(match error {
        LoginError::WrongWorkspace { .. } => {
            "choose that workspace when you sign in, or leave --workspace out; nothing was stored"
        }
        LoginError::MissingClaim { .. } => {
            "set up the API platform for this account at https://platform.openai.com, or sign in \
             without --require-api-key"
        }
        LoginError::OAuth(OAuthError::DeviceDenied) => {
            "nothing was changed; run the command again to try once more"
        }
        LoginError::OAuth(OAuthError::DeviceExpired) => "run the command again for a new code",
        LoginError::InvalidRefreshResponse { .. } => {
            "try again; if it stays like this, sign in again"
        }
        LoginError::StoreBusy { .. } => "another program is using it: try again when it is done",
        LoginError::NoProject { .. } => {
            "open https://platform.openai.com once to set up the account, or wait longer with \
             --poll-timeout"
        }
        _ => return None,
    })
}

fn claim(mismatch: Mismatch) -> Hint {
    match mismatch {
        Mismatch::Standard(ClaimMismatch::Issuer | ClaimMismatch::Nobody) => say("check --issuer"),
        Mismatch::Standard(ClaimMismatch::Audience) => say("check --client-id"),
        Mismatch::Standard(ClaimMismatch::Subject) | Mismatch::Workspace => {
            say("sign in again with ").run("login")
        }
        _ => say("check the clock of this machine"),
    }
}

fn listen(source: &io::Error) -> Option<&'static str> {
    let is_down = source.kind() == io::ErrorKind::NetworkUnreachable;
    is_down.then_some("the browser could not come back: bring the loopback interface up")
}

fn callback(error: &WaitError) -> Option<&'static str> {
    Some(match error {
        WaitError::Denied { error, .. } if error == "access_denied" => {
            "nothing was changed; run the command again to try once more"
        }
        WaitError::TimedOut { rejected, .. } => match rejected.first() {
            Some(kind) => rejected::hint(*kind, false),
            None => "run the command again, or wait longer with --timeout",
        },
        WaitError::MissingCode => "run the command again",
        WaitError::WrongIssuer => {
            "check --issuer; if it is right, somebody may have interfered with the sign-in"
        }
        _ => return None,
    })
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

/// What a refusal means wherever it comes from.
fn server(refusal: &ErrorResponse) -> Option<Hint> {
    Some(say(match (refusal.status, refusal.retry_after) {
        (429 | 503, Some(pause)) => format!("wait {}, and try again", in_words(rounded(pause))),
        (429, None) => "wait a little, and try again".to_owned(),
        (500.., _) => "the server has a problem: try again later".to_owned(),
        (403 | 451, _) if !refusal.is_json => BLOCKED.to_owned(),
        _ if !refusal.is_json => NOT_THE_SERVER.to_owned(),
        _ => return None,
    }))
}

const BLOCKED: &str = "something on the way blocks this, such as a firewall or a rule for your country: try another \
     network, or ask whoever runs this one";

/// Nobody waits longer than a day because a server says so.
fn rounded(pause: Duration) -> Duration {
    pause.clamp(Duration::from_secs(1), Duration::from_secs(24 * 60 * 60))
}
