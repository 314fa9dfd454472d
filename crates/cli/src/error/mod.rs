use std::ffi::OsString;
use std::io;

use auth_store::Location;
use http_client::SetupError;
use login::{Error as LoginError, RevocationError};
use serde_json::{Value, json};
use terminal_ui::{CommandPrefix, Hint, say};

use self::rejected::Remedies;
use crate::output::OutputError;
use crate::signals::Interrupt;
use crate::stdin::BadSecret;

mod document;
mod input;
pub(crate) mod network;
pub(crate) mod oauth;
mod platform;
mod ports;
pub(crate) mod rejected;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use document::no_response;
pub(crate) use platform::key_may_exist;

/// The errors of the program. Only this module turns an error into a message, a hint, a JSON document and an
/// exit code: [`CliError::explain`] goes through them once.
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
    /// The sign-in does not have the requested credential.
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
    #[error("Cancelled.")]
    Interrupted {
        by: Interrupt,
        /// What the user needs to know about what was interrupted.
        note: Option<Hint>,
        /// The command makes a key, and has not requested it yet.
        no_key: bool,
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

    /// Whether the user ended the command with Ctrl-C or Esc, which is no failure to explain.
    pub(crate) fn is_cancelled(&self) -> bool {
        document::kind(self).0 == "interrupted"
    }

    /// What went wrong, in one line.
    pub(crate) fn message(&self) -> String {
        self.explain(Remedies::default()).message.unwrap_or_else(|| chain(self))
    }

    /// What the user can do, if there is something.
    pub(crate) fn hint(&self, remedies: Remedies) -> Option<Hint> {
        self.explain(remedies).hint
    }

    pub(crate) fn to_json(&self, prefix: &CommandPrefix, remedies: Remedies) -> Value {
        document::from_error(self, self.explain(remedies), prefix)
    }

    fn explain(&self, remedies: Remedies) -> Explanation {
        match self {
            Self::Login(error) => explain(error, remedies),
            Self::SignedInWithoutApiKey(error) => platform::signed_in_without(error),
            Self::Setup(error) => {
                advise(network::setup(error)).fields(json!({ "cause": "setup" }))
            }
            Self::NoHome => advise("set HOME, or name a folder with --codex-home"),
            Self::ServersApart => {
                advise("a token of one issuer is never sent to the platform of another")
            }
            Self::NotStarted { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                advise("exec runs a program in PATH, or the path of a program; for a function or an alias of a shell: exec -- bash -ic NAME")
            }
            Self::NotHeld { instead, .. } => advise(instead.clone()),
            Self::NoApiKey(bad) => input::explain(
                bad,
                say("a key is one line that begins with sk-; for example: ")
                    .run("login --with-api-key < key.txt"),
            ),
            Self::NoAccessToken(bad) => input::explain(
                bad,
                say("an access token is one line of three parts with dots between them; for example: ")
                    .run("login --with-access-token < token.txt"),
            ),
            Self::Input(_) => plain().fields(json!({ "cause": "unreadable" })),
            Self::NotRevoked { location, .. } => advise("end it in the security settings of your account, at https://chatgpt.com")
                .fields(json!({ "removed_from": location.to_string() })),
            Self::Output(_) => advise("send standard output to a terminal, a file or a pipe"),
            Self::Interrupted { by: Interrupt::CtrlC, note, no_key: true } => {
                plain().message("Cancelled. No key was made.").any_hint(note.clone())
            }
            Self::Interrupted { by: Interrupt::Terminated, note, .. } => {
                plain().message("terminated").any_hint(note.clone())
            }
            Self::Interrupted { note, .. } => plain().any_hint(note.clone()),
            _ => plain(),
        }
    }
}

/// What the program says about an error of the library.
fn explain(error: &LoginError, remedies: Remedies) -> Explanation {
    match error {
        LoginError::OAuth(error) => oauth::explain(error, remedies),
        other => store::explain(other).or_else(|| platform::explain(other)).unwrap_or_default(),
    }
}

/// What the program says about an error, beside its kind.
#[derive(Debug, Default)]
pub(crate) struct Explanation {
    /// What went wrong, if the error and its causes do not say it all.
    message: Option<String>,
    /// What the user can do, if there is something.
    pub(crate) hint: Option<Hint>,
    /// More fields of the JSON document.
    fields: Value,
}

/// The error and its causes say it all.
fn plain() -> Explanation {
    Explanation::default()
}

/// Advice to the user.
fn advise(hint: impl Into<Hint>) -> Explanation {
    Explanation { hint: Some(hint.into()), ..plain() }
}

impl Explanation {
    fn message(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    fn hint(self, hint: impl Into<Hint>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn any_hint(self, hint: Option<Hint>) -> Self {
        Self { hint, ..self }
    }

    fn fields(self, fields: Value) -> Self {
        Self { fields, ..self }
    }
}

fn in_the_way(problems: usize) -> String {
    match problems {
        1 => "1 problem prevents a sign-in".to_owned(),
        _ => format!("{problems} problems prevent a sign-in"),
    }
}

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
