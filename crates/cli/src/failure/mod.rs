use std::io;
use std::process::ExitCode;

use auth_store::Error as StoreError;
use http_client::{Error as HttpError, SetupError, TlsFailure};
use login::Error as LoginError;
use oauth_callback_server::{BindError, Holder, WaitError};

use crate::signals::Interrupt;
use crate::terminal::{Terminal, in_words};

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
    #[error("--issuer and --api-base have to be given together")]
    ServersApart,
    #[error("cannot write the result to standard output")]
    Output(#[source] io::Error),
    #[error("cannot start")]
    Runtime(#[source] io::Error),
    #[error("interrupted")]
    Interrupted {
        by: Interrupt,
        /// What the person has to know about what was under way.
        at_stake: Option<&'static str>,
    },
}

impl Failure {
    /// Tells the person, and says how the program ends.
    pub(crate) fn report(&self, terminal: Terminal) -> ExitCode {
        terminal.fail(&self.what(), self.hint().as_deref());
        ExitCode::from(self.exit_code())
    }

    /// The exit codes of this program; scripts rely on them.
    fn exit_code(&self) -> u8 {
        match self {
            Self::ServersApart => 2,
            Self::Login(LoginError::Bind(BindError::PortInUse { .. })) => 13,
            Self::Interrupted { by: Interrupt::CtrlC, .. } => 130,
            Self::Interrupted { by: Interrupt::Terminated, .. } => 143,
            _ => 1,
        }
    }

    fn what(&self) -> String {
        match self {
            Self::Login(LoginError::Bind(BindError::PortInUse { port, holder })) => {
                let holder = holder.as_ref().and_then(held_by).unwrap_or_default();
                format!("port {port} is in use{holder}")
            }
            Self::Login(LoginError::Callback(WaitError::Denied { error, error_description })) => {
                let words = error_description.as_ref().map(|words| format!(": {words}"));
                format!("sign-in was not granted ({error}){}", words.unwrap_or_default())
            }
            Self::Login(LoginError::Callback(WaitError::TimedOut { after })) => {
                format!("the browser did not come back within {}", in_words(*after))
            }
            other => chain(other),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Login(error) => login_hint(error),
            Self::NoHome => Some("set HOME, or name a folder with --codex-home".into()),
            Self::ServersApart => {
                Some("a token of one issuer is never sent to the platform of another".into())
            }
            Self::Interrupted { at_stake, .. } => at_stake.map(Into::into),
            _ => None,
        }
    }
}

/// After a creation whose outcome is not known.
pub(crate) const KEY_MAY_EXIST: &str = "a key of that name may exist: look at \
    https://platform.openai.com/api-keys before you try again";

fn login_hint(error: &LoginError) -> Option<String> {
    let hint = match error {
        LoginError::Bind(BindError::PortInUse { .. }) => {
            "end that program, or wait until it is done; the port is registered with OpenAI and \
             cannot be chosen freely"
        }
        LoginError::Store(error) => store_hint(error)?,
        LoginError::Callback(error) => callback_hint(error)?,
        LoginError::WrongClaim(credentials::ClaimMismatch::Issuer) => "check --issuer",
        LoginError::WrongClaim(credentials::ClaimMismatch::Audience) => "check --client-id",
        LoginError::WrongClaim(_) => "check the clock of this machine",
        LoginError::MissingClaim { .. } => {
            "set up the API platform for this account at https://platform.openai.com, or sign in \
             with --no-api-key"
        }
        LoginError::KeyExchange(error) => {
            token_hint(error).unwrap_or("to sign in without an API key, use --no-api-key")
        }
        LoginError::Code(error) => {
            token_hint(error).unwrap_or("a code works once and for a short time: sign in again")
        }
        LoginError::NoProject { .. } => {
            "open https://platform.openai.com once to set up the account, or wait longer with \
             --poll-timeout"
        }
        LoginError::Undelivered { .. } => {
            "delete that key at https://platform.openai.com/api-keys, and create another"
        }
        LoginError::Platform(error) => platform_hint(error)?,
        _ => return None,
    };
    Some(hint.to_owned())
}

fn store_hint(error: &StoreError) -> Option<&'static str> {
    Some(match error {
        StoreError::NotWritable { .. } => {
            "check the permissions and the free space there, or choose another folder with \
             --codex-home"
        }
        StoreError::Corrupt { .. } | StoreError::TooLarge { .. } => {
            "move the file away, or sign in again with login-cli login, which keeps a copy of it"
        }
        StoreError::Locked { .. } | StoreError::Changed { .. } => {
            "another program is using it: try again"
        }
        StoreError::NotAFile { .. } => "remove it, or choose another folder with --codex-home",
        StoreError::ForeignOwner { .. } | StoreError::WorldWritable { .. } => {
            "choose a folder of your own with --codex-home"
        }
        _ => return None,
    })
}

fn callback_hint(error: &WaitError) -> Option<&'static str> {
    Some(match error {
        WaitError::Denied { error, .. } if error == "access_denied" => {
            "nothing was changed; run the command again to try once more"
        }
        WaitError::TimedOut { .. } => "run the command again, or wait longer with --timeout",
        WaitError::MissingCode => "run the command again",
        WaitError::WrongIssuer => {
            "check --issuer; if it is right, somebody may have interfered with the sign-in"
        }
        _ => return None,
    })
}

fn token_hint(error: &token_client::Error) -> Option<&'static str> {
    match error {
        token_client::Error::Http(error) => http_hint(error),
        _ => None,
    }
}

fn platform_hint(error: &platform_api::Error) -> Option<&'static str> {
    if error.may_have_created_key() {
        return Some(KEY_MAY_EXIST);
    }
    Some(match (error, error.status()) {
        (platform_api::Error::Http { source, .. }, _) => return http_hint(source),
        (_, Some(401)) => "sign in again; if it stays like this, check --issuer and --api-base",
        (_, Some(403)) => "ask an owner of the organization for access",
        (_, Some(404)) => "check --organization, --project and --api-base",
        (_, Some(429)) => "wait a little, and try again",
        (_, Some(500..)) => "the platform has a problem: try again later",
        _ => return None,
    })
}

fn http_hint(error: &HttpError) -> Option<&'static str> {
    Some(match error {
        HttpError::Dns { .. } => "check the network connection, and the proxy in HTTPS_PROXY",
        HttpError::Connect { .. } | HttpError::Timeout { .. } => {
            "check the network connection, the firewall, and the proxy in HTTPS_PROXY"
        }
        HttpError::Tls { failure: TlsFailure::UnknownAuthority, .. } => {
            "if your network inspects TLS, name its CA with --ca-file or CODEX_CA_CERTIFICATE"
        }
        HttpError::Tls { failure: TlsFailure::Expired | TlsFailure::NotYetValid, .. } => {
            "check the clock of this machine"
        }
        HttpError::Redirect { .. } => "check --issuer and --api-base",
        HttpError::CutOff { .. } => "try again",
        _ => return None,
    })
}

/// ` by code (pid 812)`, as far as the system tells.
fn held_by(holder: &Holder) -> Option<String> {
    match (&holder.program, holder.pid, holder.uid) {
        (Some(program), Some(pid), _) => Some(format!(" by {program} (pid {pid})")),
        (None, Some(pid), _) => Some(format!(" by the process {pid}")),
        (_, None, Some(uid)) => Some(format!(" by a program of another user (uid {uid})")),
        _ => None,
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
