#![expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use http_client::BaseUrl;
use login::registered;
use platform_api::{OrganizationId, ProjectId};

/// Sign in to OpenAI from a terminal.
///
/// Without a command, it signs in with ChatGPT, as `login-cli login` does.
#[derive(Debug, Parser)]
#[command(name = "login-cli", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    bare: LoginArgs,
    #[command(flatten)]
    pub(crate) shared: SharedArgs,
}

const EXAMPLES: &str = "\
Examples:
  login-cli                                      sign in with ChatGPT
  login-cli --no-browser                         the same, and open the address yourself
  OPENAI_API_KEY=$(login-cli create-key)         a new project API key for this shell

Environment:
  CODEX_HOME             folder of auth.json, unless --codex-home is given
  CODEX_CA_CERTIFICATE   certificate authorities, unless --ca-file is given
  HTTPS_PROXY, ALL_PROXY, NO_PROXY
                         proxy for the servers, and the hosts that need none
  BROWSER                program that opens the address
  LOGIN_CLI_LOG          error, warn, info, debug or trace: what is said beside --verbose

Exit codes:
  0 done, 1 failed, 2 wrong usage, 13 callback port in use, 130 interrupted, 143 terminated";

impl Cli {
    /// Reads the command line; help, the version and wrong usage end the program here.
    pub(crate) fn from_command_line() -> Self {
        Self::read(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut definition = Self::command();
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
    pub(crate) fn split(self) -> (Command, SharedArgs) {
        (self.command.unwrap_or(Command::Login(self.bare)), self.shared)
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
}

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    #[command(flatten)]
    pub(crate) browser: BrowserArgs,
    /// Ports for the browser's way back: the first that is free. OpenAI has registered 1455, 1457
    #[arg(long = "port", value_name = "N[,N]", value_delimiter = ',', default_values_t = [registered::SIGN_IN_PORT], help_heading = "Sign-in")]
    pub(crate) ports: Vec<u16>,
    /// Do not exchange the sign-in for an API key; works for accounts without the API platform
    #[arg(long, help_heading = "Sign-in")]
    pub(crate) no_api_key: bool,
    /// Accept this ChatGPT workspace only; may be given several times
    #[arg(long = "workspace", value_name = "ID", value_parser = workspace, help_heading = "Sign-in")]
    pub(crate) workspaces: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CreateKeyArgs {
    #[command(flatten)]
    pub(crate) browser: BrowserArgs,
    /// Ports for the browser's way back: the first that is free. OpenAI has registered 5000
    #[arg(long = "port", value_name = "N[,N]", value_delimiter = ',', default_values_t = [registered::CREATE_API_KEY_PORT], help_heading = "Sign-in")]
    pub(crate) ports: Vec<u16>,
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
pub(crate) struct BrowserArgs {
    /// Only print the address to open, and start no browser
    #[arg(long, help_heading = "Sign-in")]
    pub(crate) no_browser: bool,
    /// Take the place of a sign-in of yours that is still waiting on the port
    #[arg(long, help_heading = "Sign-in")]
    pub(crate) cancel_previous: bool,
    /// How long to wait for the browser
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration, help_heading = "Sign-in")]
    pub(crate) timeout: Duration,
}

/// What every command takes, before or after its name.
#[derive(Debug, Args)]
pub(crate) struct SharedArgs {
    /// Authorization server; plain http for this machine only
    #[arg(long, global = true, value_name = "URL", default_value = registered::ISSUER, help_heading = "Servers")]
    pub(crate) issuer: BaseUrl,
    /// Platform API, which belongs to the issuer; plain http for this machine only
    #[arg(long, global = true, value_name = "URL", default_value = registered::API_BASE, help_heading = "Servers")]
    pub(crate) api_base: BaseUrl,
    /// OAuth client [default: the one that is registered for the command]
    #[arg(long, global = true, value_name = "ID", value_parser = NonEmptyStringValueParser::new(), help_heading = "Servers")]
    pub(crate) client_id: Option<String>,
    /// PEM file of certificate authorities to trust beside the system's
    #[arg(long, global = true, value_name = "FILE", help_heading = "Servers")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Folder of auth.json [default: ~/.codex]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Output and storage")]
    pub(crate) codex_home: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long, global = true, help_heading = "Output and storage")]
    pub(crate) json: bool,
    /// Log each step on standard error; holds no secret
    #[arg(short, long, global = true, help_heading = "Output and storage")]
    pub(crate) verbose: bool,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output and storage"
    )]
    pub(crate) color: Color,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// A time as people write it: `10s`, `15m`, `1h30m`.
fn duration(text: &str) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
    let time: jiff::SignedDuration =
        text.parse().map_err(|_| "it is written like 10s or 15m".to_owned())?;
    match Duration::try_from(time) {
        Ok(time) if !time.is_zero() && time <= LONGEST => Ok(time),
        _ => Err("it has to be longer than nothing, and at most a day".to_owned()),
    }
}

/// An id that stands in a list with commas.
fn workspace(id: &str) -> Result<String, String> {
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_graphic() && c != ',') {
        return Err(
            "it is one id, without spaces and commas; give the option again for another".to_owned()
        );
    }
    Ok(id.to_owned())
}

/// A name that can be seen in a list.
fn name(text: &str) -> Result<String, String> {
    const LONGEST: usize = 100;
    if text.is_empty() || printable::excerpt(text, LONGEST) != text {
        return Err(format!("it is one line of 1 to {LONGEST} visible characters"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_are_written_with_their_unit() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(duration("300ms"), Ok(Duration::from_millis(300)));
        for text in ["", "10", "-1s", "0s", "soon", "1e999s", "25h", "9223372036854775807s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[track_caller]
    fn reads(words: &str) -> Result<Cli, clap::Error> {
        Cli::read(words.split(' ').map(OsString::from))
    }

    #[test]
    fn shared_options_stand_before_or_after_the_command() {
        for words in
            ["login-cli --json create-key", "login-cli create-key --json", "login-cli --json"]
        {
            assert!(reads(words).unwrap().shared.json, "{words}");
        }
        assert!(!reads("login-cli create-key").unwrap().shared.json);
    }

    #[test]
    fn ports_are_a_list_and_one_of_them_is_the_default() {
        let ports = |words: &str| match reads(words).unwrap().split().0 {
            Command::Login(args) => args.ports,
            Command::CreateKey(args) => args.ports,
        };
        assert_eq!(ports("login-cli"), [registered::SIGN_IN_PORT]);
        assert_eq!(ports("login-cli create-key"), [registered::CREATE_API_KEY_PORT]);
        assert_eq!(ports("login-cli --port 1455,1457"), [1455, 1457]);
        assert_eq!(ports("login-cli create-key --port 0"), [0]);
        for bad in ["", "1,", ",", "70000", "-1", "x", "1455;1457"] {
            assert!(reads(&format!("login-cli --port={bad}")).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_option_of_the_sign_in_is_not_swallowed_by_another_command() {
        assert!(reads("login-cli --no-api-key").is_ok());
        let error = reads("login-cli --no-api-key create-key").unwrap_err().to_string();
        assert!(error.contains("--no-api-key goes after the command"), "{error}");
        let error = reads("login-cli --port 1 login").unwrap_err().to_string();
        assert!(error.contains("--port goes after the command"), "{error}");
    }

    #[test]
    fn a_restriction_to_nothing_is_no_restriction() {
        for bad in ["", "a,b", "a b", "\u{e9}"] {
            assert!(workspace(bad).is_err(), "{bad:?}");
        }
        assert!(name("").is_err() && name("a\nb").is_err() && name(&"x".repeat(101)).is_err());
        assert_eq!(name("Codex CLI"), Ok("Codex CLI".to_owned()));
    }

    // threats 207
    #[test]
    fn no_option_takes_a_secret_as_its_value() {
        for command in Cli::command().get_subcommands() {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                for word in ["token", "secret", "password", "code"] {
                    let named = name.split('_').any(|part| part == word);
                    assert!(!named, "{} --{name}", command.get_name());
                }
            }
        }
    }
}
