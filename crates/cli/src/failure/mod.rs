use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use auth_store::Location;
use http_client::SetupError;
use login::{Error as LoginError, RevocationError};
use oauth_callback_server::{BindError, WaitError};

use crate::setup::Setup;
use crate::signals::Interrupt;
use crate::terminal::in_words;

mod hints;
mod network;
mod ports;

pub(crate) use hints::{key_may_exist, login as login_hint};
pub(crate) use network::{hint as network_hint, http as network_advice};

/// How a command can end badly. This is the one place that turns an error into sentences and an
/// exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    Setup(SetupError),
    #[error("cannot find your home folder")]
    NoHome,
    #[error("--issuer and --api-base belong together: give both, or none")]
    ServersApart,
    #[error("invalid value for {name}: {problem}")]
    Variable { name: &'static str, problem: String },
    /// The sign-in has not what was asked for.
    #[error("the stored sign-in has no {what}")]
    NotHeld { what: &'static str, instead: &'static str },
    #[error("standard input holds no API key")]
    NoApiKey,
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    #[error(
        "the sign-in in {location} was removed, and could not be revoked: it may still be valid"
    )]
    NotRevoked { location: Location, source: Box<RevocationError> },
    #[error("cannot list the profiles")]
    Profiles(#[source] io::Error),
    #[error("cannot run {}", program.display())]
    NotStarted { program: OsString, source: io::Error },
    #[error("cannot write the result to standard output")]
    Output(#[source] io::Error),
    #[error("cannot start")]
    Runtime(#[source] io::Error),
    #[error("interrupted")]
    Interrupted {
        by: Interrupt,
        /// What the person has to know about what was under way.
        at_stake: Option<String>,
    },
}

impl Failure {
    /// Tells the person, and says how the program ends.
    pub(crate) fn report(&self, setup: &Setup) -> ExitCode {
        let hint = self.hint().map(|hint| setup.completed(&hint));
        setup.terminal.fail(&self.what(), hint.as_deref());
        ExitCode::from(self.exit_code())
    }

    /// The exit codes of this program; scripts rely on them.
    fn exit_code(&self) -> u8 {
        match self {
            Self::ServersApart | Self::Variable { .. } => 2,
            Self::Login(LoginError::NotSignedIn { .. } | LoginError::SignInEnded(_)) => 3,
            // As a shell has it.
            Self::NotStarted { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => 127,
                _ => 126,
            },
            Self::Login(LoginError::Bind(BindError::PortsInUse { .. })) => 13,
            Self::Interrupted { by: Interrupt::CtrlC, .. } => 130,
            Self::Interrupted { by: Interrupt::Terminated, .. } => 143,
            _ => 1,
        }
    }

    /// What went wrong, in one line.
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Login(LoginError::Bind(BindError::PortsInUse { taken })) => ports::what(taken),
            Self::Login(LoginError::Callback(WaitError::Denied { error, error_description })) => {
                let words = error_description.as_ref().map(|words| format!(": {words}"));
                format!("sign-in was not granted ({error}){}", words.unwrap_or_default())
            }
            Self::Login(LoginError::Callback(WaitError::TimedOut { after })) => {
                format!("the browser did not come back within {}", in_words(*after))
            }
            Self::Interrupted { by: Interrupt::Terminated, .. } => "terminated".to_owned(),
            other => chain(other),
        }
    }

    /// What can be done, where there is something.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Login(error) => hints::login(error),
            Self::Setup(error) => Some(network::setup(error)),
            Self::NoHome => Some("set HOME, or name a folder with --codex-home".into()),
            Self::ServersApart => {
                Some("a token of one issuer is never sent to the platform of another".into())
            }
            Self::NotHeld { instead, .. } => Some((*instead).into()),
            Self::NoApiKey => Some(
                "a key is one line that begins with sk-; for example: login-cli login \
                 --with-api-key < key.txt"
                    .into(),
            ),
            Self::NotRevoked { .. } => Some(
                "end it in the security settings of your account, at https://chatgpt.com".into(),
            ),
            Self::Output(_) => Some("send standard output to a terminal, a file or a pipe".into()),
            Self::Interrupted { at_stake, .. } => at_stake.clone(),
            _ => None,
        }
    }
}

/// The error and its causes in one line, without a cause that its effect has said already.
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
