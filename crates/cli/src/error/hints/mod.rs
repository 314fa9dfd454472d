//! What a user can do about an error.

use std::io;
use std::time::Duration;

use auth_store::{Error as StoreError, Location, LockHolder};
use credential_helper::Error::TimedOut;
use credentials::ClaimMismatch;
use http_client::ErrorResponse;
use login::openai::Mismatch;
use login::{Error as LoginError, OAuthError, ServerCause};
use oauth_callback_server::{BindError, WaitError};
use platform_api::{Call, Error as PlatformError};
use printable::excerpt;
use terminal_ui::{Hint, command, in_words, say};
use token_client::Error as TokenError;

use self::correction::correction;
use self::network::NOT_THE_SERVER;
use super::rejected;

mod correction;
pub(super) mod network;
mod ports;

/// After the creation of a key whose outcome is not known.
pub(crate) fn key_may_exist(name: &str) -> String {
    format!(
        "a key named \"{name}\" may exist: look at https://platform.openai.com/api-keys before you \
         try again"
    )
}

/// The sign-in is stored, without an API key.
pub(super) fn without_api_key(error: &LoginError) -> Hint {
    let other_key = || {
        say("try again with ").run("login").then(", or create a key with ").run("create-key --save")
    };
    match error {
        LoginError::KeyExchange { name, .. } if error.key_may_exist() => say(key_may_exist(name)),
        LoginError::KeyExchange { source, .. } => {
            request(ServerCause::Token(source), |_| None).unwrap_or_else(other_key)
        }
        _ => other_key(),
    }
}

pub(crate) fn login(error: &LoginError) -> Option<Hint> {
    match error {
        LoginError::OAuth(error) => oauth(error),
        LoginError::Store(error) | LoginError::NotWritable(error) => store(error),
        LoginError::UnknownOrganization { offered, .. } => {
            list("its organizations", offered.iter().map(|it| (it.id.as_str(), &it.title))).map(say)
        }
        LoginError::UnknownProject { offered, .. } => {
            list("its projects", offered.iter().map(|it| (it.id.as_str(), &it.title))).map(say)
        }
        other => server(other).or_else(|| account(other)).or_else(|| text(other).map(say)),
    }
}

/// Errors of the wait for the user, and of the exchange of the code.
pub(crate) fn oauth(error: &OAuthError) -> Option<Hint> {
    Some(match error {
        OAuthError::Bind(BindError::PortsInUse { taken }) => say(ports::hint(taken)),
        OAuthError::Bind(BindError::Listen { source, .. }) => say(listen(source)?),
        OAuthError::Callback(error) => say(callback(error)?),
        OAuthError::Unreachable { source, .. } => return network::hint(source),
        OAuthError::CodeExchange(error) => {
            request(ServerCause::Token(error), |response| Some(code(response)))
                .unwrap_or_else(|| say(INVALID_RESPONSE))
        }
        OAuthError::DeviceCode(TokenError::DeviceCodeNotEnabled) => {
            say(NOT_ENABLED).run("login --no-browser")
        }
        OAuthError::DeviceCode(error) => {
            request(ServerCause::Token(error), |response| Some(device_code(response)))
                .unwrap_or_else(|| say(INVALID_RESPONSE))
        }
        OAuthError::DeviceDenied => {
            say("nothing was changed; run the command again to try once more")
        }
        OAuthError::DeviceExpired => say("run the command again for a new code"),
        _ => return None,
    })
}

/// Errors of requests.
fn server(error: &LoginError) -> Option<Hint> {
    Some(match error {
        LoginError::KeyExchange { name, .. } | LoginError::KeyCreation { name, .. }
            if error.key_may_exist() =>
        {
            say(key_may_exist(name))
        }
        LoginError::KeyExchange { source, .. } => request(ServerCause::Token(source), |_| None)
            .unwrap_or_else(|| say("to sign in without an API key, leave --require-api-key out")),
        LoginError::Platform(error) => return platform(error),
        LoginError::KeyCreation { source, .. } => platform(source).unwrap_or_else(|| say(NO_KEY)),
        LoginError::NoProject { failure: Some(failure), .. } => return platform(failure),
        LoginError::Refresh(error) => request(ServerCause::Token(error), |response| {
            (response.status == 404).then(|| say(CHECK_ISSUER))
        })
        .unwrap_or_else(|| {
            say("the stored sign-in is as it was: try again later; if it stays like this, sign in \
                 again with ")
            .run("login")
        }),
        _ => return None,
    })
}

/// What the error of one request asks for. `hint` is for a status that means something else at each
/// endpoint.
fn request(
    cause: ServerCause<'_>,
    hint: impl FnOnce(&ErrorResponse) -> Option<Hint>,
) -> Option<Hint> {
    match (cause.http_error(), cause.error_response()) {
        (Some(error), _) => network::hint(error),
        (_, Some(response)) => any_response(response).map(say).or_else(|| hint(response)),
        _ => cause.is_not_json().then(|| say(NOT_THE_SERVER)),
    }
}

/// What an error response means at every endpoint.
fn any_response(response: &ErrorResponse) -> Option<String> {
    Some(match (response.status, response.retry_after) {
        (429 | 503, Some(pause)) => format!("wait {}, and try again", in_words(rounded(pause))),
        (429, None) => "wait a little, and try again".to_owned(),
        (500.., _) => "the server has a problem: try again later".to_owned(),
        (403 | 451, _) if !response.is_json => BLOCKED.to_owned(),
        _ if !response.is_json => NOT_THE_SERVER.to_owned(),
        _ => return None,
    })
}

const BLOCKED: &str = "something on the way blocks this, such as a firewall or a rule for your country: try another \
     network, or ask the administrator of this one";

/// A server can ask for a day at most.
fn rounded(pause: Duration) -> Duration {
    pause.clamp(Duration::from_secs(1), Duration::from_secs(24 * 60 * 60))
}

const CHECK_ISSUER: &str = "check --issuer";

const INVALID_RESPONSE: &str = "sign in again; if it stays like this, look for a newer login-cli";

const NOT_ENABLED: &str = "switch on device codes in the security settings of your account, at \
     https://chatgpt.com, or have the administrator of your workspace do it; without them: ";

fn code(response: &ErrorResponse) -> Hint {
    say(match (response.status, response.code.as_deref()) {
        (_, Some("invalid_client" | "unauthorized_client")) => "check --client-id",
        (403, _) => "your workspace or country may not allow it: ask its administrator",
        (404, _) => CHECK_ISSUER,
        _ => "a code works once and for a short time: sign in again",
    })
}

/// A browser is the other way to sign in.
fn device_code(response: &ErrorResponse) -> Hint {
    match response.code.as_deref() {
        Some("invalid_client" | "unauthorized_client") => say("check --client-id"),
        _ => say("without a device code: ").run("login --no-browser"),
    }
}

fn platform(error: &PlatformError) -> Option<Hint> {
    request(ServerCause::Platform(error), |response| {
        Some(say(platform_response(error.call(), response.status)))
    })
}

const NO_KEY: &str = "no key was made: try again";

fn platform_response(call: Call, status: u16) -> &'static str {
    match (call, status) {
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
    }
}

/// Errors about the stored sign-in.
fn account(error: &LoginError) -> Option<Hint> {
    let again = || say("sign in again with ").run("login");
    Some(match error {
        LoginError::OtherIssuer { stored, .. } => {
            say(format!("give --issuer {}", excerpt(stored, 200)))
        }
        LoginError::OtherClient { .. } => {
            say("leave out --client-id, or sign in with it: ").run("login")
        }
        LoginError::NotStored { handed_over, source, .. } => not_stored(*handed_over, source),
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
        ) => say("fix that store, then ").and(again()),
        LoginError::TokensNotStored(_) => {
            say("make room or restore the permissions there, then ").and(again())
        }
        _ => return None,
    })
}

fn text(error: &LoginError) -> Option<&'static str> {
    Some(match error {
        LoginError::WrongWorkspace { .. } => {
            "choose that workspace when you sign in, or leave --workspace out; nothing was stored"
        }
        LoginError::MissingClaim { .. } => {
            "set up the API platform for this account at https://platform.openai.com, or sign in \
             without --require-api-key"
        }
        LoginError::InvalidRefreshResponse { .. } => {
            "try again; if it stays like this, sign in again"
        }
        LoginError::StoreBusy { .. } => "another program is using it: try again when it is done",
        LoginError::NotDelivered { kept: true, .. } => "it is kept in auth.json all the same",
        LoginError::NotDelivered { .. } => {
            "delete that key at https://platform.openai.com/api-keys, and create another"
        }
        LoginError::NoProject { seen, .. }
            if seen.inaccessible > 0 && seen.inaccessible == seen.organizations =>
        {
            "ask an owner of the organization for access to a project, or choose another with \
             --organization"
        }
        LoginError::NoProject { .. } => {
            "open https://platform.openai.com once to set up the account, or wait longer with \
             --poll-timeout"
        }
        _ => return None,
    })
}

fn claim(mismatch: Mismatch) -> Hint {
    match mismatch {
        Mismatch::Standard(ClaimMismatch::Issuer | ClaimMismatch::MissingSubject) => {
            say("check --issuer")
        }
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
            Some(kind) => rejected::remedy(*kind),
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

fn store(error: &StoreError) -> Option<Hint> {
    let then = |replaceable: &bool| match replaceable {
        true => say("sign in again with ").run("login").then(", which keeps a copy of the file"),
        false => say("move the file away, and sign in again with ").run("login"),
    };
    Some(match error {
        StoreError::Corrupt { location: Location::File(_), field, kind, replaceable, .. } => {
            let correction = correction(*kind, field.as_deref());
            say(correction).then(", or ").and(then(replaceable))
        }
        StoreError::TooLarge { location: Location::File(_), replaceable, .. } => then(replaceable),
        StoreError::Corrupt { .. } | StoreError::TooLarge { .. } => {
            say("remove it with ").run("logout").then(", then sign in again with ").run("login")
        }
        StoreError::NoLocks { .. } => {
            say("choose a folder on another disk with --codex-home, or sign in again with ")
                .run("login")
                .then(" when the access token has expired")
        }
        StoreError::MayBeStored { .. } => command("status")
            .then(" shows whether it is; if not, sign in again with ")
            .run("login")
            .then(", and give the store longer with LOGIN_CLI_HELPER_TIMEOUT=2m"),
        other => say(store_text(other)?),
    })
}

fn store_text(error: &StoreError) -> Option<&'static str> {
    Some(match error {
        StoreError::NotWritable { .. } | StoreError::Io { .. } => {
            "check the permissions and the free space there, or choose another folder with \
             --codex-home"
        }
        StoreError::NotReplaced { .. } => {
            "check the permissions and the free space there, then try again: nothing is lost, and the \
             next command puts it in its place"
        }
        StoreError::WouldBeTooLarge { .. } => {
            "most of it belongs to another program: remove what is not needed, or choose another \
             folder with --codex-home"
        }
        StoreError::Locked { holder: Some(LockHolder { is_stopped: true, .. }), .. } => {
            "continue it with fg, or end it"
        }
        StoreError::Locked { .. } | StoreError::Changed { .. } => {
            "another program is using it: try again when it is done"
        }
        StoreError::NotAFile { .. } => "remove it, or choose another folder with --codex-home",
        StoreError::External { source, .. }
            if matches!(source.downcast_ref(), Some(TimedOut { .. })) =>
        {
            "unlock it, give it longer with LOGIN_CLI_HELPER_TIMEOUT=2m, or keep the credentials in \
             a file with --store file"
        }
        StoreError::External { .. } => {
            "unlock or install it, or keep the credentials in a file with --store file"
        }
        StoreError::HalfWritten { .. } => "put the copy back in its place",
        StoreError::ForeignOwner { .. } | StoreError::WorldWritable { .. } => {
            "choose a folder of your own with --codex-home"
        }
        _ => return None,
    })
}

fn not_stored(handed_over: bool, error: &StoreError) -> Hint {
    let of_key = say(if handed_over {
        "the key above works, keep it yourself"
    } else {
        "delete that key at https://platform.openai.com/api-keys, because it was not delivered"
    });
    match store(error) {
        Some(hint) => of_key.then("; ").and(hint),
        None => of_key,
    }
}
