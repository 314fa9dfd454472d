use std::ffi::OsString;
use std::io;

use auth_store::Location;
use http_client::SetupError;
use login::{Error as LoginError, RevocationError};
use serde_json::{Value, json};
use terminal_ui::{CommandPrefix, Hint, say};
use token_source::Holder;

use crate::output::OutputError;
use crate::signals::Interrupt;
use crate::stdin::BadSecret;

mod document;
pub(crate) mod network;
pub(crate) mod oauth;
mod platform;
mod ports;
#[cfg(feature = "postgres")]
mod postgres;
pub(crate) mod rejected;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use document::{extend, no_response, variant_name};
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
    /// The database of a command that is about nothing else.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] postgres_store::CallError),
    /// The same for the administrator, who sets a database up.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    StoreInit(postgres_store::Error),
    /// The row of an import has a sign-in.
    #[cfg(feature = "postgres")]
    #[error("{location} has a {}sign-in already", if *is_later { "later " } else { "" })]
    SignInExists {
        location: Location,
        /// Where the sign-in stays.
        file: Location,
        is_later: bool,
        /// The command that was run.
        import: String,
    },
    #[error("cannot determine your home folder")]
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
    NoCredential { what: &'static str, instead: Hint },
    /// Standard input has something other than the secret; `example` shows what is expected.
    #[error("standard input contains no {what}")]
    WrongSecret { what: &'static str, example: Hint, source: BadSecret },
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    #[error(
        "the sign-in in {location} was removed, but its tokens could not be revoked and may still be valid"
    )]
    NotRevoked { location: Location, source: Box<RevocationError> },
    #[error("cannot list the profiles")]
    Profiles(#[source] io::Error),
    /// What `doctor` has found, and how much of it is in the way.
    #[error("{count} problem{} a sign-in", if *count == 1 { " prevents" } else { "s prevent" })]
    Problems { count: usize },
    #[error("cannot run {}", program.display())]
    NotStarted { program: OsString, source: io::Error },
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The reader of a list or a token closed it early, as `head` does. That is not reported.
    #[error("standard output was closed by its reader")]
    ReaderGone,
    #[error("cannot start")]
    Runtime(#[source] io::Error),
    #[error("{}", interrupted(*by, *no_key))]
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
        document::exit_code(&document::kind(self))
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
        document::kind(self) == "interrupted"
    }

    /// Whether the database of the sign-in cannot be used now.
    pub(crate) fn is_store_unavailable(&self) -> bool {
        ["store_unreachable", "store_full"].contains(&&*document::kind(self))
    }

    /// What went wrong, in one line.
    pub(crate) fn message(&self) -> String {
        self.explain().message.unwrap_or_else(|| chain(self))
    }

    /// What the user can do, if there is something.
    pub(crate) fn hint(&self) -> Option<Hint> {
        self.explain().hint
    }

    pub(crate) fn to_json(&self, prefix: &CommandPrefix) -> Value {
        document::from_error(self, self.explain(), prefix)
    }

    fn explain(&self) -> Explanation {
        match self {
            Self::Login(LoginError::OAuth(error)) => oauth::explain(error),
            Self::Login(error) => {
                store::explain(error).or_else(|| platform::explain(error)).unwrap_or_default()
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(error) => postgres::explain(error),
            #[cfg(feature = "postgres")]
            Self::StoreInit(error) => plain().hint(postgres::hint_for_init(error)),
            #[cfg(feature = "postgres")]
            Self::SignInExists { is_later, file, import, .. } => {
                advise(postgres::hint_for_import(*is_later, file, import))
            }
            Self::SignedInWithoutApiKey(error) => platform::signed_in_without(error),
            Self::Setup(error) => advise(network::setup(error)).fields(json!({ "cause": "setup" })),
            Self::NoHome => advise("set HOME or CODEX_HOME, or pass --codex-home DIR"),
            Self::ServersApart => {
                advise("a token of one issuer is never sent to the platform of another")
            }
            Self::NotStarted { source, .. } if source.kind() == io::ErrorKind::NotFound => advise(
                "give a program in PATH, or a path to one; for a shell function or alias: exec -- \
                 bash -ic NAME",
            ),
            Self::NoCredential { instead, .. } => advise(instead.clone()),
            Self::WrongSecret { source, example, .. } => wrong_secret(source, example),
            Self::Input(_) => plain().fields(json!({ "cause": "unreadable" })),
            Self::NotRevoked { location, .. } => advise(
                "end the session in the security settings of your account, at https://chatgpt.com",
            )
            .fields(json!({ "removed_from": location.to_string() })),
            Self::Output(_) => advise("send standard output to a terminal, a file or a pipe"),
            Self::Interrupted { note, .. } => plain().hint(note.clone()),
            _ => plain(),
        }
    }
}

/// Why the secret on standard input is not taken.
fn wrong_secret(secret: &BadSecret, example: &Hint) -> Explanation {
    let (cause, hint) = match secret {
        BadSecret::ApiKey => ("api_key", say("read it with --with-api-key")),
        BadSecret::AccessToken => ("access_token", say("read it with --with-access-token")),
        BadSecret::IdToken => {
            let instead =
                "an ID token only identifies you: use the access token that came with it, as ";
            ("id_token", say(instead).run("token").then(" prints it"))
        }
        BadSecret::Expired(_) => {
            ("expired", say("get a new one from its issuer, or sign in with ").run("login"))
        }
        BadSecret::SeveralLines | BadSecret::UnfinishedPaste => {
            let again = "copy it again, without a line break in it, and paste it as one line";
            ("malformed", say(again))
        }
        _ => ("malformed", example.clone()),
    };
    advise(hint).fields(json!({ "cause": cause }))
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
    plain().hint(Some(hint.into()))
}

impl Explanation {
    fn message(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    fn hint(self, hint: Option<Hint>) -> Self {
        Self { hint, ..self }
    }

    fn fields(self, fields: Value) -> Self {
        Self { fields, ..self }
    }
}

fn interrupted(by: Interrupt, no_key: bool) -> &'static str {
    match by {
        Interrupt::Terminated => "terminated",
        Interrupt::CtrlC if no_key => "Cancelled. No key was created.",
        Interrupt::CtrlC => "Cancelled.",
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

/// Who uses the sign-in, and for how long.
fn holder_fields(holder: &Holder) -> Value {
    json!({ "holder": holder.name, "held_for_seconds": holder.held_for.as_secs() })
}
