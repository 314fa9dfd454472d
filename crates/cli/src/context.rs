//! What every command works with.

use http_client::{CaCertificates, HttpClient, Options};
use login::stored::StoredSignIn;
use login::{BindOptions, openai};
use serde_json::Value;
use terminal_ui::{Hint, StatusLines, Terminal};
use token_client::TokenClient;

use crate::args::{CallbackArgs, Command, ProfileName, SharedArgs};
use crate::core_dump::CoreDumpLimit;
use crate::environment;
use crate::error::CliError;
use crate::interruption::Interruption;
use crate::output::Output;
use crate::profiles::Profiles;

/// The `User-Agent` of this program.
pub(crate) const USER_AGENT: &str = concat!("login-cli/", env!("CARGO_PKG_VERSION"));

/// The options that every command shares, and what depends on them.
pub(crate) struct Context {
    pub(crate) args: SharedArgs,
    /// Standard error, for people.
    pub(crate) terminal: Terminal,
    /// Standard output, for programs.
    pub(crate) output: Output,
    pub(crate) status_lines: StatusLines,
    pub(crate) interruption: Interruption,
    /// The limit of the process that started this one.
    pub(crate) core_dump_limit: CoreDumpLimit,
}

impl Context {
    pub(crate) fn new(command: &Command, args: SharedArgs) -> Self {
        let terminal = environment::terminal(args.color);
        Self {
            terminal,
            output: Output::new(args.json, args.color),
            status_lines: StatusLines::new(terminal),
            interruption: Interruption::new(matches!(command, Command::CreateKey(_))),
            core_dump_limit: CoreDumpLimit::lower(),
            args,
        }
    }

    /// A hint with the commands as this user types them.
    pub(crate) fn to_text(&self, hint: &Hint) -> String {
        hint.to_text(&self.args.command_prefix())
    }

    /// An error as JSON.
    pub(crate) fn to_json(&self, error: &CliError) -> Value {
        error.to_json(&self.args.command_prefix())
    }

    /// Prints the document of a command that has one even if it fails, and fails with that error.
    pub(crate) fn finish(
        &self,
        mut document: Value,
        error: Option<CliError>,
    ) -> Result<(), CliError> {
        if let Some(error) = &error {
            document["error"] = self.to_json(error);
        }
        self.output.document(|| document)?;
        error.map_or(Ok(()), Err)
    }

    pub(crate) fn profiles(&self) -> Result<Profiles, CliError> {
        Profiles::chosen(&self.args)
    }

    /// The stored sign-in of a profile, and the client that refreshes it.
    pub(crate) fn stored_sign_in(
        &self,
        profiles: &Profiles,
        profile: &ProfileName,
    ) -> Result<StoredSignIn, CliError> {
        let (store, others) = (profiles.store_of(profile), profiles.other_stores(profile));
        let client_id = self.args.client_id.as_deref().unwrap_or(openai::SIGN_IN_CLIENT_ID);
        let provider = openai::provider(self.args.issuer.clone());
        let client = TokenClient::new(self.http(USER_AGENT), provider, client_id);
        let sign_in = StoredSignIn::new(store, client, environment::now);
        let sign_in = sign_in.with_other_stores(others);
        Ok(if self.args.client_id.is_some() { sign_in.require_client() } else { sign_in })
    }

    /// The callback ports that the options name, otherwise the default ones.
    pub(crate) fn callback_ports(&self, args: &CallbackArgs, default: BindOptions) -> BindOptions {
        match args.ports.as_slice() {
            [] => default,
            ports => default.ports(ports).fallback_ports([]),
        }
    }

    /// The client for every request; it is built when the first request is sent.
    pub(crate) fn http(&self, user_agent: &'static str) -> HttpClient {
        HttpClient::new(self.http_options(user_agent))
    }

    pub(crate) fn http_options(&self, user_agent: &'static str) -> Options {
        let ca_file =
            self.args.ca_file.as_ref().map(|path| CaCertificates::file("--ca-file", path));
        Options {
            extra_ca_certificates: ca_file.or_else(environment::extra_ca_certificates),
            system_ca_certificates: environment::system_ca_certificates(),
            proxy: environment::proxy(),
            ..Options::new(user_agent)
        }
    }

    /// The same client, after its CA certificates and its proxy were checked. A sign-in fails with an
    /// unusable one before the browser opens.
    pub(crate) fn checked_http(&self, user_agent: &'static str) -> Result<HttpClient, CliError> {
        let http = self.http(user_agent);
        http.check().map_err(CliError::Setup)?;
        Ok(http)
    }
}
