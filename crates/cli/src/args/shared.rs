use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ColorChoice, ValueEnum, ValueHint};
use http_client::BaseUrl;
use login::openai;
use terminal_ui::CommandPrefix;

use super::values::{ProfileName, StoreKind, StoreKindParser, path, shell_word, store_kinds};

/// The options of every command, before or after its name.
#[derive(Clone, Debug, Args)]
pub(crate) struct SharedArgs {
    /// Authorization server; plain http only on this machine
    #[arg(long, global = true, value_name = "URL", default_value = openai::ISSUER, help_heading = "Servers")]
    pub(crate) issuer: BaseUrl,
    /// Platform API of the issuer; plain http only on this machine
    #[arg(long, global = true, value_name = "URL", default_value = openai::API_BASE, help_heading = "Servers")]
    pub(crate) api_base: BaseUrl,
    /// OAuth client [default: the registered client of the command]
    #[arg(long, global = true, value_name = "ID", value_parser = NonEmptyStringValueParser::new(), help_heading = "Servers")]
    pub(crate) client_id: Option<String>,
    /// PEM file with extra CA certificates [env: CODEX_CA_CERTIFICATE]
    #[arg(long, global = true, value_name = "FILE", value_parser = path(), value_hint = ValueHint::FilePath, help_heading = "Servers")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Folder of auth.json [env: CODEX_HOME] [default: ~/.codex]
    #[arg(long, global = true, value_name = "DIR", value_parser = path(), value_hint = ValueHint::DirPath, help_heading = "Storage")]
    pub(crate) codex_home: Option<PathBuf>,
    /// Use another account, with its own sign-in [env: LOGIN_CLI_PROFILE] [default: default]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Storage")]
    pub(crate) profile: Option<ProfileName>,
    #[arg(long, global = true, value_name = "KIND", value_parser = StoreKindParser, help = store_help(), help_heading = "Storage")]
    pub(crate) store: Option<StoreKind>,
    /// Print one JSON document for the result or the error; --json=stream also prints an event per line
    #[arg(long, global = true, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "document", hide_possible_values = true, help_heading = "Output")]
    pub(crate) json: Option<Json>,
    /// Log each step to standard error, without secrets [env: LOGIN_CLI_LOG=debug]
    #[arg(short, long, global = true, help_heading = "Output")]
    pub(crate) verbose: bool,
    /// When to use colors
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub(crate) color: ColorChoice,
}

fn store_help() -> String {
    format!("Credential store: {} [env: LOGIN_CLI_STORE] [default: file]", store_kinds())
}

impl SharedArgs {
    /// How the user calls this program again, for the same account.
    pub(crate) fn command_prefix(&self) -> CommandPrefix {
        let codex_home = self.codex_home.as_ref().map(|it| shell_word(&it.to_string_lossy()));
        let profile = self.profile.as_ref().map(|it| it.as_str().to_owned());
        let flags = [
            ("--codex-home", codex_home),
            ("--profile", profile),
            ("--store", self.store.as_ref().map(|kind| shell_word(&kind.to_string()))),
        ];
        let given =
            flags.into_iter().filter_map(|(name, value)| Some(format!("{name} {} ", value?)));
        CommandPrefix { program: "login-cli", account: given.collect() }
    }

    /// The options of a command line that has none.
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
            color: ColorChoice::Auto,
        })
    }
}

/// The form of JSON on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Json {
    /// One document, at the end.
    Document,
    /// Events, and the document last.
    Stream,
}

impl Json {
    /// The form that an invalid command line asks for.
    pub(super) fn from_words(words: &[OsString]) -> Option<Self> {
        let options = words.iter().take_while(|word| *word != "--");
        let mut forms = options.filter_map(|word| word.to_str()?.strip_prefix("--json"));
        forms.find_map(|form| match form {
            "=stream" => Some(Self::Stream),
            _ if form.is_empty() || form.starts_with('=') => Some(Self::Document),
            _ => None,
        })
    }
}

/// Whether `--color` overrides the detection of colors.
pub(crate) fn color_choice(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}
