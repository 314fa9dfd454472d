use std::ffi::OsString;
use std::path::PathBuf;

use anstream::ColorChoice;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum, ValueHint};
use http_client::BaseUrl;
use login::openai;
use terminal_ui::CommandPrefix;

use super::values::{ProfileName, StoreKind, path, shell_word};

/// What every command takes, before or after its name.
#[derive(Clone, Debug, Args)]
pub(crate) struct SharedArgs {
    /// Authorization server; plain http for this machine only
    #[arg(long, global = true, value_name = "URL", default_value = openai::ISSUER, help_heading = "Servers")]
    pub(crate) issuer: BaseUrl,
    /// Platform API, which belongs to the issuer; plain http for this machine only
    #[arg(long, global = true, value_name = "URL", default_value = openai::API_BASE, help_heading = "Servers")]
    pub(crate) api_base: BaseUrl,
    /// OAuth client [default: the one that is registered for the command]
    #[arg(long, global = true, value_name = "ID", value_parser = NonEmptyStringValueParser::new(), help_heading = "Servers")]
    pub(crate) client_id: Option<String>,
    /// PEM file of certificate authorities to trust beside the system's [env: CODEX_CA_CERTIFICATE]
    #[arg(long, global = true, value_name = "FILE", value_parser = path(), value_hint = ValueHint::FilePath, help_heading = "Servers")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Folder of auth.json [env: CODEX_HOME] [default: ~/.codex]
    #[arg(long, global = true, value_name = "DIR", value_parser = path(), value_hint = ValueHint::DirPath, help_heading = "Output and storage")]
    pub(crate) codex_home: Option<PathBuf>,
    /// Account beside the default one, with a sign-in of its own [env: LOGIN_CLI_PROFILE]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Output and storage")]
    pub(crate) profile: Option<ProfileName>,
    #[cfg_attr(
        not(feature = "keyring"),
        doc = "What holds the credentials: file, or helper:NAME for docker-credential-NAME [env: LOGIN_CLI_STORE] [default: file]"
    )]
    #[cfg_attr(
        feature = "keyring",
        doc = "What holds the credentials: file, keyring, or helper:NAME for docker-credential-NAME [env: LOGIN_CLI_STORE] [default: file]"
    )]
    #[arg(long, global = true, value_name = "KIND", help_heading = "Output and storage")]
    pub(crate) store: Option<StoreKind>,
    /// Print one JSON document, also about a failure; --json=stream prints events as well, a line each
    #[arg(
        long,
        global = true,
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "document",
        hide_possible_values = true,
        help_heading = "Output and storage"
    )]
    pub(crate) json: Option<Json>,
    /// Log each step on standard error, without a secret [env: LOGIN_CLI_LOG=debug]
    #[arg(short, long, global = true, help_heading = "Output and storage")]
    pub(crate) verbose: bool,
    /// When to use colours: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        help_heading = "Output and storage"
    )]
    pub(crate) color: Color,
}

impl SharedArgs {
    /// How the person calls this program again, for the same account and the same servers.
    pub(crate) fn command_prefix(&self) -> CommandPrefix {
        CommandPrefix { program: "login-cli", account: self.account(), servers: self.servers() }
    }

    /// The flags that say which account is meant, as they are written before a command.
    fn account(&self) -> String {
        let codex_home = self.codex_home.as_ref().map(|it| shell_word(&it.to_string_lossy()));
        let profile = self.profile.as_ref().map(|it| it.as_str().to_owned());
        written([
            ("--codex-home", codex_home),
            ("--profile", profile),
            ("--store", self.store.as_ref().map(ToString::to_string)),
        ])
    }

    /// The flags that say which servers are meant, and who may vouch for them, likewise.
    fn servers(&self) -> String {
        let other = |server: &BaseUrl, usual| {
            Some(server.as_str()).filter(|it| *it != usual).map(shell_word)
        };
        let ca_file = self.ca_file.as_ref().map(|it| shell_word(&it.to_string_lossy()));
        written([
            ("--issuer", other(&self.issuer, openai::ISSUER)),
            ("--api-base", other(&self.api_base, openai::API_BASE)),
            ("--ca-file", ca_file),
        ])
    }

    /// What they are where none is given.
    pub(crate) fn usual() -> Option<Self> {
        Some(Self {
            issuer: openai::ISSUER.parse().ok()?,
            api_base: openai::API_BASE.parse().ok()?,
            client_id: None,
            ca_file: None,
            codex_home: None,
            profile: None,
            store: None,
            json: None,
            verbose: false,
            color: Color::Auto,
        })
    }
}

/// `--profile work `, as far as something was given.
fn written(flags: [(&str, Option<String>); 3]) -> String {
    let given = flags.into_iter().filter_map(|(name, value)| Some(format!("{name} {} ", value?)));
    given.collect()
}

/// What JSON a program wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Json {
    /// One document, at the end.
    Document,
    /// Events, and the document last.
    Stream,
}

impl Json {
    /// What is wanted by a command line that is not understood.
    pub(super) fn asked_for_among(words: &[OsString]) -> Option<Self> {
        let options = words.iter().take_while(|word| *word != "--");
        let mut forms = options.filter_map(|word| word.to_str()?.strip_prefix("--json"));
        forms.find_map(|form| match form {
            "=stream" => Some(Self::Stream),
            _ if form.is_empty() || form.starts_with('=') => Some(Self::Document),
            _ => None,
        })
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    pub(crate) fn choice(self) -> ColorChoice {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
    }
}
