#![expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]

use std::ffi::OsString;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueHint};
use oauth_callback_server::RedirectHost;
use platform_api::{OrganizationId, ProjectId};

use help::help;
use values::{name, redirect_host, scope, variable, workspace};

pub(crate) use shared::{Color, Json, SharedArgs};
pub(crate) use values::{ProfileName, Shell, StoreKind, differs_in_case, duration, shell_word};

mod help;
mod shared;
#[cfg(test)]
mod tests;
mod values;

/// Sign in to OpenAI from a terminal
///
/// Without a command, login-cli signs in with ChatGPT, like login-cli login.
#[derive(Debug, Parser)]
#[command(name = "login-cli", version, after_long_help = help(include_str!("help/login-cli.txt")))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    login: LoginArgs,
    #[command(flatten)]
    pub(crate) shared: SharedArgs,
}

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// What to print instead of running a command: help, the version, or a usage error.
    pub(crate) fn from_command_line() -> Result<(Command, SharedArgs), EarlyExit> {
        let words: Vec<OsString> = std::env::args_os().collect();
        if let Some(token) = Self::token_alone(&words) {
            return Ok(token);
        }
        let cli = Self::read(words.iter().cloned());
        cli.map(Self::split).map_err(|error| EarlyExit { error, json: Json::from_words(&words) })
    }

    /// `login-cli token`, which scripts call in a loop: to define every option of every command would
    /// take longer than the command itself.
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
        let matches = definition.try_get_matches_from_mut(words).map_err(with_tip)?;
        if let Some((command, _)) = matches.subcommand() {
            // `create-key` would ignore the option in `login-cli --no-api-key create-key`.
            let is_misplaced = |it: &&Arg| {
                let source = matches.value_source(it.get_id().as_str());
                !it.is_global_set() && source == Some(ValueSource::CommandLine)
            };
            let misplaced = definition.get_arguments().find(is_misplaced);
            if let Some(option) = misplaced.and_then(Arg::get_long) {
                let words = format!("--{option} goes after the command, if {command} has it");
                return Err(definition.error(ErrorKind::ArgumentConflict, words));
            }
        }
        Self::from_arg_matches(&matches)
    }

    fn split(self) -> (Command, SharedArgs) {
        (self.command.unwrap_or(Command::Login(self.login)), self.shared)
    }
}

/// The groups of options that are hidden in the help of a command, because it ignores them.
const WITHOUT_EFFECT: [(&str, &[&str]); 3] = [
    ("status", &["Servers"]),
    ("profiles", &["Servers"]),
    ("completions", &["Servers", "Storage"]),
];

/// The command line, as `clap` defines it.
pub fn definition() -> clap::Command {
    let program = Cli::command();
    let shared: Vec<Arg> =
        program.get_arguments().filter(|it| it.is_global_set()).cloned().collect();
    WITHOUT_EFFECT.iter().fold(program, |program, (name, headings)| {
        let is_hidden = |it: &&Arg| it.get_help_heading().is_some_and(|it| headings.contains(&it));
        let hidden = shared.iter().filter(is_hidden).map(|it| it.clone().hide(true));
        program.mut_subcommand(name, |command| command.args(hidden))
    })
}

/// Says what to use in place of a command that other programs have.
fn with_tip(mut error: clap::Error) -> clap::Error {
    let unknown = error.get(ContextKind::InvalidSubcommand).map(ToString::to_string);
    if matches!(unknown.as_deref(), Some("switch" | "use")) {
        let tip =
            "choose a profile with --profile NAME, or for a shell with LOGIN_CLI_PROFILE=NAME";
        let tips = ContextValue::StyledStrs(vec![tip.into()]);
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, tips);
    }
    error
}

/// The shared options of a valid command line.
#[cfg(test)]
pub(crate) fn read_arguments(words: &str) -> SharedArgs {
    Cli::read(words.split(' ').map(OsString::from)).unwrap().shared
}

/// What to print instead of running a command: help, the version, or a usage error.
pub(crate) struct EarlyExit {
    error: clap::Error,
    /// The form of JSON that the command line asks for.
    pub(crate) json: Option<Json>,
}

impl EarlyExit {
    /// The usage error in one line.
    pub(crate) fn wrong(&self) -> Option<String> {
        let text = self.error.use_stderr().then(|| self.error.to_string())?;
        let what = text.split("\n\n").next()?.trim_start_matches("error: ");
        Some(what.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The help or the version.
    pub(crate) fn help(&self) -> Option<String> {
        let text = || self.error.render().ansi().to_string();
        (!self.error.use_stderr()).then(|| help::with_plain_spaces(&text()))
    }

    /// Ends the program, and prints the usage error first.
    pub(crate) fn end(&self) -> ! {
        match self.error.use_stderr() {
            true => self.error.exit(),
            false => std::process::exit(self.error.exit_code()),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in with ChatGPT, and store the credentials in auth.json
    ///
    /// Your browser opens and returns to a port on this machine. If it cannot reach the port, paste the
    /// URL where it ends at the prompt.
    ///
    /// A complete sign-in replaces the earlier one. Tokens of another user's sign-in are revoked. Your own
    /// earlier tokens are not, because with some issuers that would end the new sign-in too.
    ///
    /// An account without an API organization gets no API key; with --require-api-key, that is an error.
    #[command(after_long_help = help(include_str!("help/login.txt")))]
    Login(LoginArgs),
    /// Create a project API key, and print it
    ///
    /// The key is for the default project of your default organization. If you have more projects, you
    /// can choose one from a menu on a terminal; a script gets the default project.
    #[command(after_long_help = help(include_str!("help/create-key.txt")))]
    CreateKey(CreateKeyArgs),
    /// List the organizations of the account
    ///
    /// The order is the one in which create-key prefers them. The stored sign-in is used if there is one;
    /// otherwise the browser opens, and nothing is stored.
    #[command(after_long_help = help(include_str!("help/organizations.txt")))]
    Organizations(PlatformArgs),
    /// List the projects of the account, by organization
    ///
    /// The order is the one in which create-key prefers them. The stored sign-in is used if there is one;
    /// otherwise the browser opens, and nothing is stored. The list includes organizations whose projects
    /// you cannot see.
    #[command(after_long_help = help(include_str!("help/projects.txt")))]
    Projects(ProjectsArgs),
    /// Show the account, its tokens, and where they are stored
    ///
    /// It reads the stored credentials, and sends no request.
    #[command(alias = "whoami", after_long_help = help(include_str!("help/status.txt")))]
    Status,
    /// Print a valid access token
    ///
    /// A token that expires soon is refreshed first. If several programs ask at once, one of them
    /// refreshes it for all.
    #[command(after_long_help = help(include_str!("help/token.txt")))]
    Token(TokenArgs),
    /// Run a program with OPENAI_API_KEY set
    ///
    /// The program replaces this one. It keeps the terminal, the signals and the environment, with the
    /// stored API key added.
    #[command(after_long_help = help(include_str!("help/exec.txt")))]
    Exec(ExecArgs),
    /// Refresh the tokens now
    ///
    /// You rarely need it: login-cli token and exec refresh tokens that expire soon. If another program
    /// has just refreshed the tokens, its tokens are used.
    #[command(after_long_help = help(include_str!("help/refresh.txt")))]
    Refresh,
    /// Revoke the tokens, and remove the credentials
    ///
    /// The issuer may also end other sign-ins of the same account; --local removes the credentials from
    /// this machine and revokes nothing. Access tokens from login --with-access-token and sign-ins of
    /// other programs are removed without revocation. The credentials are removed even if the issuer
    /// cannot be reached.
    #[command(after_long_help = help(include_str!("help/logout.txt")))]
    Logout(LogoutArgs),
    /// List the profiles on this machine
    ///
    /// Each profile has its own sign-in. The mark shows the profile that commands use without --profile.
    #[command(after_long_help = help(include_str!("help/profiles.txt")))]
    Profiles,
    /// Find out what prevents a sign-in, and how to fix it
    ///
    /// It checks the stored credentials, the callback ports, the browser, names, proxy, CA certificates,
    /// the servers and the clock. Each check is one line: ok, note, warn, or FAIL for what prevents a
    /// sign-in. The lines below it say how to fix it.
    ///
    /// It changes nothing, opens no browser and sends no secret: it requests the front page of each server.
    #[command(after_long_help = help(include_str!("help/doctor.txt")))]
    Doctor,
    /// Print a completion script for your shell
    ///
    /// The script asks login-cli for completions while you type, so it stays valid after an update. It
    /// sends no request.
    #[command(after_long_help = help(include_str!("help/completions.txt")))]
    Completions(CompletionsArgs),
}

// The names of the groups in conflicts are those of the structs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sign-in")]
pub(crate) struct LoginArgs {
    /// Sign in with a code that you type on another device
    #[arg(long, group = "method", conflicts_with_all = ["CallbackArgs", "AuthorizationArgs"])]
    pub(crate) device: bool,
    /// Read an API key from standard input, and store it
    #[arg(long, group = "method", conflicts_with_all = ["BrowserArgs", "CallbackArgs", "AuthorizationArgs", "ApiKeyArgs", "workspaces"])]
    pub(crate) with_api_key: bool,
    /// Read a ChatGPT access token from standard input, and store it; it cannot be refreshed
    #[arg(long, group = "method", conflicts_with_all = ["BrowserArgs", "CallbackArgs", "AuthorizationArgs", "ApiKeyArgs"])]
    pub(crate) with_access_token: bool,
    /// Accept only this ChatGPT workspace; repeatable
    #[arg(long = "workspace", value_name = "ID", value_parser = workspace)]
    pub(crate) workspaces: Vec<String>,
    #[command(flatten)]
    pub(crate) api_key: ApiKeyArgs,
    #[command(flatten)]
    pub(crate) authorization: AuthorizationArgs,
    #[command(flatten)]
    pub(crate) browser: BrowserArgs,
    #[command(flatten)]
    pub(crate) callback: CallbackArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Sign-in")]
pub(crate) struct ApiKeyArgs {
    /// Do not create an API key
    #[arg(long, conflicts_with = "require_api_key")]
    pub(crate) no_api_key: bool,
    /// Fail, and store nothing, if no API key can be created
    #[arg(long)]
    pub(crate) require_api_key: bool,
}

/// The authorization request.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sign-in")]
pub(crate) struct AuthorizationArgs {
    /// Request this scope too; repeatable
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
    pub(crate) scopes: Vec<String>,
    /// Host of the redirect URI: localhost, or 127.0.0.1 for browsers that force https on localhost
    #[arg(long, value_name = "HOST", default_value = "localhost", value_parser = redirect_host(), hide_possible_values = true)]
    pub(crate) redirect_host: RedirectHost,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Sign-in")]
pub(crate) struct BrowserArgs {
    /// Print the URL, and open no browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Also show the URL as a QR code
    #[arg(long)]
    pub(crate) qr: bool,
    /// How long to wait for the browser
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration)]
    pub(crate) timeout: Duration,
}

/// The callback of the browser.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sign-in")]
pub(crate) struct CallbackArgs {
    /// Ports of the redirect URI; the first free one is used [default: 1455,1457 for login, otherwise 5000]
    #[arg(long = "port", value_name = "N[,N]", value_delimiter = ',')]
    pub(crate) ports: Vec<u16>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Key")]
pub(crate) struct CreateKeyArgs {
    /// Name of the new key
    #[arg(long, value_name = "NAME", default_value = "Codex CLI", value_parser = name)]
    pub(crate) name: String,
    /// Use this organization instead of the default one
    #[arg(long, value_name = "ID", value_parser = |id: &str| OrganizationId::new(id))]
    pub(crate) organization: Option<OrganizationId>,
    /// Use this project instead of the default one
    #[arg(long, value_name = "ID", value_parser = |id: &str| ProjectId::new(id))]
    pub(crate) project: Option<ProjectId>,
    /// Also store the key as OPENAI_API_KEY in auth.json, and keep the other fields
    #[arg(long)]
    pub(crate) save: bool,
    /// How often to look for the default project of a new account
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) poll_interval: Duration,
    /// How long to look for it
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) poll_timeout: Duration,
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Token")]
pub(crate) struct TokenArgs {
    /// Print the ID token instead, which identifies the user
    #[arg(long, conflicts_with = "api_key")]
    pub(crate) id_token: bool,
    /// Print the API key instead
    #[arg(long)]
    pub(crate) api_key: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Program")]
pub(crate) struct ExecArgs {
    /// Also set this variable, to a valid access token
    #[arg(long, value_name = "NAME", value_parser = variable)]
    pub(crate) access_token_env: Option<String>,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "CMD", value_hint = ValueHint::CommandWithArguments, help_heading = None)]
    pub(crate) program: Vec<OsString>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Sign-in")]
pub(crate) struct LogoutArgs {
    /// End the sign-in of every profile
    #[arg(long, conflicts_with = "profile")]
    pub(crate) all: bool,
    /// Remove the credentials from this machine, and revoke nothing
    #[arg(long)]
    pub(crate) local: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "List")]
pub(crate) struct ProjectsArgs {
    /// List only the projects of this organization
    #[arg(long, value_name = "ID", value_parser = |id: &str| OrganizationId::new(id))]
    pub(crate) organization: Option<OrganizationId>,
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// The sign-in of a command that uses the platform.
#[derive(Debug, Args)]
pub(crate) struct PlatformArgs {
    #[command(flatten)]
    pub(crate) browser: BrowserArgs,
    #[command(flatten)]
    pub(crate) callback: CallbackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Your shell
    #[arg(value_enum, value_name = "bash|zsh|fish|powershell|elvish", hide_possible_values = true)]
    pub(crate) shell: Shell,
}
