use std::ffi::OsString;
use std::io;

use auth_store::Location;
use http_client::{Error as HttpError, SetupError};
use login::{Error as LoginError, OAuthError, RevocationError};
use oauth_callback_server::{BindError, PortInUse, PortOwner, WaitError};
use serde_json::Value;
use terminal_ui::{CommandPrefix, Hint, from_now, in_words, say};

use crate::environment::now;
use crate::output::OutputError;
use crate::signals::Interrupt;
use crate::stdin::BadSecret;

mod document;
mod hints;
pub(crate) mod rejected;
#[cfg(test)]
mod tests;

pub(crate) use document::no_response;
pub(crate) use hints::network::{hint as network_hint, http as network_advice};
pub(crate) use hints::{key_may_exist, oauth as oauth_hint};

/// The errors of the program. Only this module turns an error into a message, a hint, a JSON document and an
/// exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The sign-in is stored all the same.
    #[error("signed in, but without an API key")]
    SignedInWithoutApiKey(#[source] Box<LoginError>),
    #[error(transparent)]
    Setup(SetupError),
    #[error("cannot find your home folder")]
    NoHome,
    /// The command line is not understood.
    #[error("{0}")]
    Usage(String),
    #[error("--issuer and --api-base belong together: give both, or none")]
    ServersApart,
    #[error("invalid value for {name}: {problem}")]
    Variable { name: &'static str, problem: String },
    /// The sign-in lacks what was asked for.
    #[error("the stored sign-in has no {what}")]
    NotHeld { what: &'static str, instead: Hint },
    #[error("standard input holds no API key")]
    NoApiKey(#[source] BadSecret),
    #[error("standard input holds no usable access token")]
    NoAccessToken(#[source] BadSecret),
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    #[error(
        "the sign-in in {location} was removed, and could not be revoked: it may still be valid"
    )]
    NotRevoked { location: Location, source: Box<RevocationError> },
    #[error("cannot list the profiles")]
    Profiles(#[source] io::Error),
    /// What `doctor` has found, and how much of it is in the way.
    #[error("{}", in_the_way(*.0))]
    Problems(usize),
    #[error("cannot run {}", program.display())]
    NotStarted { program: OsString, source: io::Error },
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The reader of a list or a token closed it early, as `head` does. That is not reported.
    #[error("the reader of standard output is gone")]
    ReaderGone,
    #[error("cannot start")]
    Runtime(#[source] io::Error),
    #[error("interrupted")]
    Interrupted {
        by: Interrupt,
        /// What the user needs to know about what was interrupted.
        note: Option<Hint>,
    },
}

impl CliError {
    pub(crate) fn exit_code(&self) -> u8 {
        document::kind(self).1
    }

    /// The same for a command that only prints, and whose reader may close its output early.
    pub(crate) fn quiet_without_reader(self) -> Self {
        match self {
            Self::Output(error) if error.0.kind() == io::ErrorKind::BrokenPipe => Self::ReaderGone,
            other => other,
        }
    }

    pub(crate) fn to_json(&self, prefix: &CommandPrefix) -> Value {
        let hint = self.hint().map(|hint| hint.to_plain_text(prefix));
        document::from_error(self, hint.as_deref())
    }

    /// What went wrong, in one line.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Login(LoginError::OAuth(OAuthError::Bind(BindError::PortsInUse { taken }))) => {
                taken.iter().map(port_in_use).collect::<Vec<_>>().join("; ")
            }
            Self::Login(LoginError::OAuth(OAuthError::Callback(WaitError::Denied {
                error,
                error_description,
            }))) => {
                let words = error_description.as_ref().map(|words| format!(": {words}"));
                format!("sign-in was not granted ({error}){}", words.unwrap_or_default())
            }
            Self::Login(LoginError::OAuth(OAuthError::Callback(WaitError::TimedOut {
                after,
                rejected,
            }))) => {
                let rejected =
                    rejected.iter().map(|kind| format!("; {}", rejected::message(*kind)));
                let rejected: String = rejected.collect();
                format!("the browser did not come back within {}{rejected}", in_words(*after))
            }
            Self::Login(LoginError::ListTimedOut { after }) => {
                format!("the platform did not list everything within {}", in_words(*after))
            }
            Self::Login(LoginError::OAuth(OAuthError::Unreachable { after, source })) => format!(
                "the browser did not come back within {}, and {} could not be reached: {}",
                in_words(*after),
                source.host(),
                why_unreachable(source)
            ),
            Self::Login(LoginError::SignInExpired { location, expired_at, other_mode, .. }) => {
                let when = from_now(*expired_at, now());
                let cannot = match other_mode {
                    None => "nothing can refresh it",
                    Some(_) => "only the program that made it can refresh it",
                };
                format!(
                    "no longer signed in: the access token in {location} expired {when}, and \
                     {cannot}"
                )
            }
            Self::Interrupted { by: Interrupt::Terminated, .. } => "terminated".to_owned(),
            other => chain(other),
        }
    }

    /// What the user can do, if there is something.
    pub(crate) fn hint(&self) -> Option<Hint> {
        match self {
            Self::Login(error) => hints::login(error),
            Self::SignedInWithoutApiKey(error) => Some(hints::without_api_key(error)),
            Self::Setup(error) => Some(say(hints::network::setup(error))),
            Self::NoHome => Some(say("set HOME, or name a folder with --codex-home")),
            Self::ServersApart => {
                Some("a token of one issuer is never sent to the platform of another".into())
            }
            Self::NotHeld { instead, .. } => Some(instead.clone()),
            Self::NoApiKey(bad) | Self::NoAccessToken(bad) if bad.is_incomplete_paste() => {
                Some("copy it again, without a line break in it, and paste it as one line".into())
            }
            Self::NoApiKey(BadSecret::AccessToken) => {
                Some("read it with --with-access-token".into())
            }
            Self::NoApiKey(_) => Some(
                say("a key is one line that begins with sk-; for example: ")
                    .run("login --with-api-key < key.txt"),
            ),
            Self::NoAccessToken(bad) => Some(bad_token(bad)),
            Self::NotRevoked { .. } => Some(
                "end it in the security settings of your account, at https://chatgpt.com".into(),
            ),
            Self::Output(_) => Some("send standard output to a terminal, a file or a pipe".into()),
            Self::Interrupted { note, .. } => note.clone(),
            _ => None,
        }
    }
}

fn bad_token(bad: &BadSecret) -> Hint {
    match bad {
        BadSecret::ApiKey => say("read it with --with-api-key"),
        BadSecret::IdToken => say("an ID token only identifies you: use the access token that \
                                   came with it, as ")
        .run("token")
        .then(" prints it"),
        BadSecret::Expired(_) => {
            say("get a new one where it is from, or sign in with ").run("login")
        }
        _ => {
            say("an access token is one line of three parts with dots between them; for example: ")
                .run("login --with-access-token < token.txt")
        }
    }
}

fn port_in_use(taken: &PortInUse) -> String {
    let port = taken.port;
    match &taken.owner {
        Some(owner) if owner.same_program => {
            let pid = owner.pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
            format!("another sign-in is waiting on port {port}{pid}")
        }
        owner => {
            let by = owner.as_ref().and_then(by_owner).unwrap_or_default();
            format!("port {port} is in use{by}")
        }
    }
}

/// ` by code (pid 812)`, as far as the system reports it.
fn by_owner(owner: &PortOwner) -> Option<String> {
    match (&owner.program, owner.pid, owner.uid) {
        (Some(program), Some(pid), _) => Some(format!(" by {program} (pid {pid})")),
        (None, Some(pid), _) => Some(format!(" by the process {pid}")),
        (_, None, Some(uid)) => Some(format!(" by a program of another user (uid {uid})")),
        _ => None,
    }
}

/// The cause of a failed request. If the error itself only says that its host did not respond, its source is the
/// cause.
fn why_unreachable(error: &HttpError) -> String {
    let cause = match error {
        HttpError::Dns { .. } | HttpError::Connect { .. } | HttpError::Tls { .. } => {
            std::error::Error::source(error)
        }
        _ => None,
    };
    cause.map_or_else(|| chain(error), chain)
}

fn in_the_way(problems: usize) -> String {
    match problems {
        1 => "1 problem is in the way of a sign-in".to_owned(),
        _ => format!("{problems} problems are in the way of a sign-in"),
    }
}

/// The maximum length of a message. Messages without text from a server are shorter.
const LONGEST: usize = 1000;

/// The error and its causes in one line. A cause that ends the line already is not repeated.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    for cause in causes.map(ToString::to_string) {
        if !line.ends_with(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}
