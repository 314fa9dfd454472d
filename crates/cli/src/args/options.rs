//! The options of each command.

#![expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use oauth_callback_server::RedirectHost;
use platform_api::{OrganizationId, ProjectId};

use super::values::{Shell, duration, name, redirect_host, scope, variable, workspace};

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
    /// Also show a QR code; login then uses a code for another device, as with --device
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
    /// Ports of the redirect URI; the first free one is used; fails if another sign-in waits on one of them [default: 1455,1457 for login, otherwise 5000]
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
    /// How long to look for the project
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) poll_timeout: Duration,
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Token")]
pub(crate) struct TokenArgs {
    /// Print the ID token, which identifies the user, instead of the access token
    #[arg(long, conflicts_with = "api_key")]
    pub(crate) id_token: bool,
    /// Print the API key instead of the access token
    #[arg(long)]
    pub(crate) api_key: bool,
}

/// The variables that get the credentials.
#[derive(Debug, Args)]
#[command(next_help_heading = "Variables")]
pub(crate) struct VariableArgs {
    /// Also set this variable, to a valid access token
    #[arg(long, value_name = "NAME", value_parser = variable)]
    pub(crate) access_token_env: Option<String>,
    /// Set this variable to the API key [default: OPENAI_API_KEY]
    #[arg(long, value_name = "NAME", value_parser = variable)]
    pub(crate) api_key_env: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EnvArgs {
    /// Form of the lines: sh (also bash, zsh, dash), fish, powershell, dotenv or json [default: sh]
    #[arg(long, value_name = "FORM", hide_possible_values = true, help_heading = "Variables")]
    pub(crate) format: Option<EnvFormat>,
    #[command(flatten)]
    pub(crate) variables: VariableArgs,
}

/// The form of the assignments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum EnvFormat {
    #[default]
    #[value(aliases = ["bash", "zsh", "dash"])]
    Sh,
    Fish,
    #[value(alias = "pwsh")]
    Powershell,
    Dotenv,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ExecArgs {
    #[command(flatten)]
    pub(crate) variables: VariableArgs,
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
#[command(next_help_heading = "Sign-in")]
pub(crate) struct StatusArgs {
    /// Also ask OpenAI's platform whether it accepts the access token; nothing is refreshed
    #[arg(long)]
    pub(crate) online: bool,
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
