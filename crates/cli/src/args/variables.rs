//! The options that name environment variables.

#![expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]

use clap::{Args, ValueEnum};

use super::values::variable;

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
