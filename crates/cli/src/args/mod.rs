#![expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]

use std::ffi::OsString;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueHint};
use oauth_callback_server::RedirectHost;
use platform_api::{OrganizationId, ProjectId};

use values::{name, redirect_host, scope, variable, workspace};

pub use pages::Page;
pub(crate) use shared::{Color, Json, SharedArgs};
pub(crate) use values::{ProfileName, Shell, StoreKind, differs_in_case, duration, shell_word};

mod pages;
mod shared;
#[cfg(test)]
mod tests;
mod values;

/// Sign in to OpenAI from a terminal
#[derive(Debug, Parser)]
#[command(name = "login-cli", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    bare: LoginArgs,
    #[command(flatten)]
    pub(crate) shared: SharedArgs,
}

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// What to say instead of doing something: help, the version, or that the usage is wrong.
    pub(crate) fn from_command_line() -> Result<(Command, SharedArgs), Instead> {
        let words: Vec<OsString> = std::env::args_os().collect();
        if let Some(token) = Self::token_alone(&words) {
            return Ok(token);
        }
        let read = Self::read(words.iter().cloned());
        read.map(Self::split)
            .map_err(|error| Instead { error, json: Json::asked_for_among(&words) })
    }

    /// `login-cli token` and nothing else, which scripts call in a loop: to define every option of
    /// every command would take longer than all that it does.
    fn token_alone(words: &[OsString]) -> Option<(Command, SharedArgs)> {
        match words {
            [_, command] if command == "token" => {
                let args = TokenArgs { id_token: false, api_key: false };
                Some((Command::Token(args), SharedArgs::usual()?))
            }
            _ => None,
        }
    }

    fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut definition = definition();
        let matches = definition.try_get_matches_from_mut(words)?;
        if let Some((command, _)) = matches.subcommand() {
            // `login-cli --no-api-key create-key` would ignore what it was told.
            let given = |(id, _): &(clap::Id, String)| {
                matches.value_source(id.as_str()) == Some(ValueSource::CommandLine)
            };
            if let Some((_, option)) = of_login().find(given) {
                let words = format!("--{option} goes after the command, if {command} knows it");
                return Err(definition.error(ErrorKind::ArgumentConflict, words));
            }
        }
        Self::from_arg_matches(&matches)
    }

    /// What is to be done; to sign in where nothing is said.
    fn split(self) -> (Command, SharedArgs) {
        (self.command.unwrap_or(Command::Login(self.bare)), self.shared)
    }
}

/// The command line, with the pages of its help.
pub fn definition() -> clap::Command {
    pages::documented(Cli::command())
}

/// What every command takes, of a command line that is right.
#[cfg(test)]
pub(crate) fn read_arguments(words: &str) -> SharedArgs {
    Cli::read(words.split(' ').map(OsString::from)).unwrap().shared
}

/// What is said about a command line that asks for nothing to be done, or is not understood.
pub(crate) struct Instead {
    error: clap::Error,
    /// What JSON the program wants that wrote it.
    pub(crate) json: Option<Json>,
}

impl Instead {
    /// What is wrong with it, in one line; nothing is with a question for help.
    pub(crate) fn wrong(&self) -> Option<String> {
        let text = self.error.use_stderr().then(|| self.error.to_string())?;
        let what = text.split("\n\n").next()?.trim_start_matches("error: ");
        Some(what.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The help or the version that was asked for.
    pub(crate) fn help(&self) -> Option<String> {
        let text = || self.error.render().ansi().to_string();
        (!self.error.use_stderr()).then(|| pages::as_shown(&text()))
    }

    /// Ends the program, and says first what is wrong.
    pub(crate) fn end(&self) -> ! {
        match self.error.use_stderr() {
            true => self.error.exit(),
            false => std::process::exit(self.error.exit_code()),
        }
    }
}

/// The options of `login` that may stand without it, and how they are written.
fn of_login() -> impl Iterator<Item = (clap::Id, String)> {
    let definition = LoginArgs::augment_args(clap::Command::new("login"));
    definition
        .get_arguments()
        .filter_map(|argument| Some((argument.get_id().clone(), argument.get_long()?.to_owned())))
        .collect::<Vec<_>>()
        .into_iter()
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in with ChatGPT, and keep the credentials in auth.json
    Login(LoginArgs),
    /// Create a project API key, and print it
    CreateKey(CreateKeyArgs),
    /// List the organizations of the account
    Organizations(PlatformArgs),
    /// List the projects of the account, by organization
    Projects(ProjectsArgs),
    /// Show who is signed in, with what, until when, and where that is stored
    #[command(alias = "whoami")]
    Status,
    /// Print a valid access token, refreshed when it is due
    Token(TokenArgs),
    /// Run a program with OPENAI_API_KEY set
    Exec(ExecArgs),
    /// Refresh the tokens now
    Refresh,
    /// Revoke the sign-in, and remove it
    Logout(LogoutArgs),
    /// List the accounts that are kept beside each other
    Profiles,
    /// Find out what would keep a sign-in from working, and what helps
    Doctor,
    /// Print a script that lets your shell complete commands, options and profiles
    Completions(CompletionsArgs),
}

// A conflict with a group would name all options of the group, and not the one that was given.

/// What is about a browser, here or elsewhere.
const OF_BROWSER: [&str; 3] = ["no_browser", "qr", "timeout"];
/// What is about the authorization request, and the callback that answers it.
const OF_CALLBACK: [&str; 4] = ["cancel_previous", "ports", "redirect_host", "scopes"];
/// What is about the API key that a sign-in creates.
const OF_KEY: [&str; 2] = ["no_api_key", "require_api_key"];

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    #[command(flatten)]
    pub(crate) browser: BrowserArgs,
    /// Ports for the browser's way back: the first that is free [default: 1455, or 1457 where another program has that]
    #[arg(long = "port", value_name = "N[,N]", value_delimiter = ',', help_heading = "Sign-in")]
    pub(crate) ports: Vec<u16>,
    /// Host for the browser's way back; 127.0.0.1 helps a browser that insists on https for localhost
    #[arg(long, value_name = "HOST", default_value = "localhost", value_parser = redirect_host(), hide_possible_values = true, help_heading = "Sign-in")]
    pub(crate) redirect_host: RedirectHost,
    /// Do not create an API key
    #[arg(long, group = "key", help_heading = "Sign-in")]
    pub(crate) no_api_key: bool,
    /// Fail, and store nothing, where no API key can be created
    #[arg(long, group = "key", help_heading = "Sign-in")]
    pub(crate) require_api_key: bool,
    /// Sign in with a code that is typed on another device, and with no browser here
    #[arg(long, group = "method", conflicts_with_all = OF_CALLBACK, help_heading = "Sign-in")]
    pub(crate) device: bool,
    /// Sign in with an API key that is read from standard input, and with no browser
    #[arg(long, group = "method", conflicts_with_all = OF_BROWSER, conflicts_with_all = OF_CALLBACK, conflicts_with_all = OF_KEY, conflicts_with = "workspaces", help_heading = "Sign-in")]
    pub(crate) with_api_key: bool,
    /// Sign in with a ChatGPT access token that is read from standard input; it cannot be refreshed
    #[arg(long, group = "method", conflicts_with_all = OF_BROWSER, conflicts_with_all = OF_CALLBACK, conflicts_with_all = OF_KEY, help_heading = "Sign-in")]
    pub(crate) with_access_token: bool,
    /// Ask for this scope as well; may be given several times
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope, help_heading = "Sign-in")]
    pub(crate) scopes: Vec<String>,
    /// Accept this ChatGPT workspace only; may be given several times
    #[arg(long = "workspace", value_name = "ID", value_parser = workspace, help_heading = "Sign-in")]
    pub(crate) workspaces: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CreateKeyArgs {
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// Name of the new key
    #[arg(long, value_name = "NAME", default_value = "Codex CLI", value_parser = name, help_heading = "Key")]
    pub(crate) name: String,
    /// Take this organization rather than the default one
    #[arg(long, value_name = "ID", value_parser = |id: &str| OrganizationId::new(id), help_heading = "Key")]
    pub(crate) organization: Option<OrganizationId>,
    /// Take this project rather than the organization's default one
    #[arg(long, value_name = "ID", value_parser = |id: &str| ProjectId::new(id), help_heading = "Key")]
    pub(crate) project: Option<ProjectId>,
    /// Also store the key as OPENAI_API_KEY in auth.json, and keep the rest of it
    #[arg(long, help_heading = "Key")]
    pub(crate) save: bool,
    /// How often to look for a default project that is not there yet
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, help_heading = "Key")]
    pub(crate) poll_interval: Duration,
    /// How long to look for it
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration, help_heading = "Key")]
    pub(crate) poll_timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// Print the ID token instead, which says who signed in
    #[arg(long, group = "which", help_heading = "Token")]
    pub(crate) id_token: bool,
    /// Print the API key instead
    #[arg(long, group = "which", help_heading = "Token")]
    pub(crate) api_key: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExecArgs {
    /// Set this variable as well, to a valid access token
    #[arg(long, value_name = "NAME", value_parser = variable, help_heading = "Program")]
    pub(crate) access_token_env: Option<String>,
    /// The program, and what it is given
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CMD",
        value_hint = ValueHint::CommandWithArguments
    )]
    pub(crate) program: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct LogoutArgs {
    /// End the sign-in of every profile
    #[arg(long, conflicts_with = "profile", help_heading = "Sign-in")]
    pub(crate) all: bool,
    /// Only remove the credentials from this machine, and revoke nothing
    #[arg(long, help_heading = "Sign-in")]
    pub(crate) local: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ProjectsArgs {
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// List the projects of this organization alone
    #[arg(long, value_name = "ID", value_parser = |id: &str| OrganizationId::new(id), help_heading = "List")]
    pub(crate) organization: Option<OrganizationId>,
}

/// How a session of the platform is had through the browser.
#[derive(Debug, Args)]
pub(crate) struct PlatformArgs {
    #[command(flatten)]
    pub(crate) browser: BrowserArgs,
    /// Ports for the browser's way back: the first that is free [default: 5000, which OpenAI has registered]
    #[arg(long = "port", value_name = "N[,N]", value_delimiter = ',', help_heading = "Sign-in")]
    pub(crate) ports: Vec<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that you use
    #[arg(value_enum, value_name = "bash|zsh|fish|powershell|elvish", hide_possible_values = true)]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct BrowserArgs {
    /// Only print the address to open, and start no browser
    #[arg(long, help_heading = "Sign-in")]
    pub(crate) no_browser: bool,
    /// Show the address as a QR code as well, for a phone
    #[arg(long, help_heading = "Sign-in")]
    pub(crate) qr: bool,
    /// Take the place of a sign-in of yours that is still waiting on the port
    #[arg(long, help_heading = "Sign-in")]
    pub(crate) cancel_previous: bool,
    /// How long to wait for the browser
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration, help_heading = "Sign-in")]
    pub(crate) timeout: Duration,
}
