#![expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use http_client::BaseUrl;
use login::registered;
use platform_api::{OrganizationId, ProjectId};

/// Sign in to OpenAI from a terminal.
///
/// Without a command, it signs in with ChatGPT, as `login-cli login` does.
#[derive(Debug, Parser)]
#[command(
    name = "login-cli",
    version,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) bare: LoginArgs,
}

const EXAMPLES: &str = "\
Examples:
  login-cli                                      sign in with ChatGPT
  login-cli --no-browser                         the same, and open the address yourself
  OPENAI_API_KEY=$(login-cli create-key)         a new project API key for this shell

Exit codes:
  0 done, 1 failed, 2 wrong usage, 13 callback port in use, 130 interrupted";

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
    /// Port for the browser's way back. OpenAI has registered 1455 and 1457
    #[arg(long, value_name = "N", default_value_t = registered::SIGN_IN_PORT, help_heading = "Sign-in")]
    pub(crate) port: u16,
    /// Do not exchange the sign-in for an API key; works for accounts without the API platform
    #[arg(long, help_heading = "Sign-in")]
    pub(crate) no_api_key: bool,
    /// Accept this ChatGPT workspace only; may be given several times
    #[arg(long = "workspace", value_name = "ID", help_heading = "Sign-in")]
    pub(crate) workspaces: Vec<String>,
    /// Client that signs in
    #[arg(long, value_name = "ID", default_value = registered::SIGN_IN_CLIENT_ID, help_heading = "Servers")]
    pub(crate) client_id: String,
    #[command(flatten)]
    pub(crate) shared: SharedArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CreateKeyArgs {
    #[command(flatten)]
    pub(crate) browser: BrowserArgs,
    /// Port for the browser's way back. OpenAI has registered 5000
    #[arg(long, value_name = "N", default_value_t = registered::CREATE_API_KEY_PORT, help_heading = "Sign-in")]
    pub(crate) port: u16,
    /// Name of the new key
    #[arg(long, value_name = "NAME", default_value = "Codex CLI", help_heading = "Key")]
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
    /// Client that signs in
    #[arg(long, value_name = "ID", default_value = registered::CREATE_API_KEY_CLIENT_ID, help_heading = "Servers")]
    pub(crate) client_id: String,
    #[command(flatten)]
    pub(crate) shared: SharedArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BrowserArgs {
    /// Only print the address to open, and start no browser
    #[arg(long, help_heading = "Sign-in")]
    pub(crate) no_browser: bool,
    /// How long to wait for the browser
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration, help_heading = "Sign-in")]
    pub(crate) timeout: Duration,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct SharedArgs {
    /// Authorization server; plain http for this machine only
    #[arg(long, value_name = "URL", default_value = registered::ISSUER, help_heading = "Servers")]
    pub(crate) issuer: BaseUrl,
    /// Platform API; plain http for this machine only
    #[arg(long, value_name = "URL", default_value = registered::API_BASE, help_heading = "Servers")]
    pub(crate) api_base: BaseUrl,
    /// PEM file of certificate authorities to trust beside the system's [env: CODEX_CA_CERTIFICATE]
    #[arg(long, value_name = "FILE", help_heading = "Servers")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Folder of auth.json [env: CODEX_HOME] [default: ~/.codex]
    #[arg(long, value_name = "DIR", help_heading = "Output and storage")]
    pub(crate) codex_home: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long, help_heading = "Output and storage")]
    pub(crate) json: bool,
    /// Say on standard error what is done; holds no secret
    #[arg(short, long, help_heading = "Output and storage")]
    pub(crate) verbose: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output and storage")]
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
    let example = || "it is written like 10s or 15m".to_owned();
    let time: jiff::SignedDuration = text.parse().map_err(|_| example())?;
    match Duration::try_from(time) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err(example()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_are_written_with_their_unit() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(duration("300ms"), Ok(Duration::from_millis(300)));
        for text in ["", "10", "-1s", "0s", "soon", "1e999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
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
