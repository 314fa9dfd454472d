#![expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use help::help;

pub(crate) use help::with_plain_spaces;
pub(crate) use options::{
    BrowserArgs, CallbackArgs, CompletionsArgs, CreateKeyArgs, EnvArgs, EnvFormat, ExecArgs,
    LoginArgs, LogoutArgs, PlatformArgs, ProjectsArgs, StatusArgs, TokenArgs, VariableArgs,
};
pub(crate) use shared::{Json, SharedArgs, color_choice};
#[cfg(feature = "postgres")]
pub(crate) use store::{StoreArgs, StoreCommand, StoreImportArgs, StoreInitArgs, StoreKeyArgs};
pub(crate) use values::{
    ProfileName, Shell, StoreKind, case_conflict_message, duration, shell_word,
};

mod help;
mod options;
mod shared;
#[cfg(feature = "postgres")]
mod store;
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
        cli.map(Self::split).map_err(|error| (error, Json::from_words(&words)))
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
                let is_option = |it: &Arg| it.get_long() == Some(option);
                let of_command = definition.find_subcommand(command);
                let words = match of_command.is_some_and(|it| it.get_arguments().any(is_option)) {
                    true => {
                        format!("--{option} goes after the command: login-cli {command} --{option}")
                    }
                    false => format!("{command} has no option --{option}, which is one of login"),
                };
                return Err(definition.error(ErrorKind::ArgumentConflict, words));
            }
        }
        Self::from_arg_matches(&matches)
    }

    fn split(mut self) -> (Command, SharedArgs) {
        let command = self.command.unwrap_or(Command::Login(self.login));
        // The two options mean the same, in an error too.
        if let Command::Env(EnvArgs { format: Some(EnvFormat::Json), .. }) = command {
            self.shared.json.get_or_insert(Json::Document);
        }
        (command, self.shared)
    }
}

/// The groups of options that are hidden in the help of a command, because it ignores them.
const WITHOUT_EFFECT: &[(&str, &[&str])] = &[
    ("schema", &["Servers", "Storage"]),
    ("profiles", &["Servers"]),
    ("completions", &["Servers", "Storage"]),
    #[cfg(feature = "postgres")]
    ("store", &["Servers"]),
    #[cfg(feature = "postgres")]
    ("store-key", &["Servers", "Storage"]),
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

/// Says what to use in place of a command that other programs have. A secret is not repeated.
fn with_tip(mut error: clap::Error) -> clap::Error {
    for place in
        [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand]
    {
        if error.get(place).is_some_and(|it| is_like_a_secret(&it.to_string())) {
            error.insert(place, ContextValue::String("[a secret]".to_owned()));
            let tip = "pipe the secret in: printenv KEY | login-cli login --with-api-key";
            error.remove(ContextKind::SuggestedSubcommand);
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        }
    }
    let word = error.get(ContextKind::InvalidSubcommand).map(ToString::to_string);
    let similar = error.get(ContextKind::SuggestedArg).map(ToString::to_string);
    let of_word = word.as_deref().and_then(tip);
    if let Some(tip) = of_word.or_else(|| tip_for_similar(similar.as_deref()?)) {
        error.remove(ContextKind::SuggestedSubcommand);
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::Usage);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// For what `clap` does not find by its spelling.
fn tip(unknown: &str) -> Option<&'static str> {
    Some(match unknown {
        "switch" | "use" => {
            "choose a profile with --profile NAME, or for a shell with LOGIN_CLI_PROFILE=NAME"
        }
        "signin" | "sign-in" | "auth" => "sign in with login-cli login",
        "key" | "keys" | "api-key" => {
            "create a key with login-cli create-key, or print the stored one with login-cli token --api-key"
        }
        "list" | "ls" => {
            "list the profiles, organizations or projects with the command of that name"
        }
        _ => return None,
    })
}

/// For an option whose name is similar, and whose meaning is the opposite.
fn tip_for_similar(suggested: &str) -> Option<&'static str> {
    let tip = "a sign-in creates an API key if it can; to store one that you have: --with-api-key";
    (suggested == "--no-api-key").then_some(tip)
}

/// Keys, personal access tokens and JWTs. They are in the list of processes and in the history of the shell already.
fn is_like_a_secret(text: &str) -> bool {
    text.len() > 8 && ["sk-", "at-", "eyJ"].iter().any(|prefix| text.starts_with(prefix))
}

/// The shared options of a valid command line.
#[cfg(test)]
pub(crate) fn read_arguments(words: &str) -> SharedArgs {
    Cli::read(words.split(' ').map(OsString::from)).unwrap().shared
}

/// The help, the version or a usage error that ends the program, and the form of JSON that the command line
/// asks for.
pub(crate) type EarlyExit = (clap::Error, Option<Json>);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in with ChatGPT, and store the credentials in auth.json
    ///
    /// Your browser opens and returns to a port on this machine. If it ends on a page that does not load,
    /// copy the address of that page and paste it here.
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
    /// It reads the stored credentials. Without --online, it sends no request.
    #[command(alias = "whoami", after_long_help = help(include_str!("help/status.txt")))]
    Status(StatusArgs),
    /// Print a valid access token
    ///
    /// A token that expires soon is refreshed first. If several programs ask at once, one of them
    /// refreshes it for all.
    #[command(after_long_help = help(include_str!("help/token.txt")))]
    Token(TokenArgs),
    /// Print the credentials as environment variables for a shell
    ///
    /// A shell evaluates the lines, which set OPENAI_API_KEY. If the command fails, it prints no line. With
    /// --access-token-env and without a stored API key, OPENAI_API_KEY is removed, because it could be the
    /// key of another account.
    #[command(after_long_help = help(include_str!("help/env.txt")))]
    Env(EnvArgs),
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
    /// Manage a sign-in that several machines share
    ///
    /// It is a row of a PostgreSQL database, sealed with a key that only the machines have. One of them
    /// refreshes it for all.
    #[cfg(feature = "postgres")]
    #[command(after_long_help = help(include_str!("help/store.txt")))]
    Store(StoreArgs),
    /// Create a key that seals a sign-in in a database
    #[cfg(feature = "postgres")]
    #[command(after_long_help = help(include_str!("help/store-key.txt")))]
    StoreKey(StoreKeyArgs),
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
    /// Print the JSON Schema of what --json prints
    ///
    /// It describes the document of each command, the events of --json=stream, and errors.
    #[command(after_long_help = help(include_str!("help/schema.txt")))]
    Schema,
    /// Print a completion script for your shell
    ///
    /// The script asks login-cli for completions while you type, so it stays valid after an update. It
    /// sends no request.
    #[command(after_long_help = help(include_str!("help/completions.txt")))]
    Completions(CompletionsArgs),
}
