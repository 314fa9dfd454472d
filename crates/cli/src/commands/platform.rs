use std::time::Duration;

use http_client::{BaseUrl, HttpClient};
use login::openai::{API_BASE, CREATE_API_KEY_USER_AGENT, ISSUER};
use login::platform::{self, Options, by_stored_sign_in};
use login::{Error, Event};
use platform_api::{Organization, PlatformApi, Session};
use printable::excerpt;
use serde_json::{Value, json};
use terminal_ui::Terminal;

use crate::args::{PlatformArgs, SharedArgs};
use crate::context::Context;
use crate::error::{CliError, chain};
use crate::events::Reporter;
use crate::output;
use crate::profiles::Profiles;
use crate::prompt::{Alternatives, Prompt};

/// The client of the platform, once it is clear that it may be asked, and that somebody gets what it
/// answers.
pub(super) fn client(context: &Context) -> Result<HttpClient, CliError> {
    check_servers(&context.args)?;
    output::check_is_open()?;
    context.checked_http(CREATE_API_KEY_USER_AGENT)
}

/// A token of one issuer never goes to the platform of another.
fn check_servers(args: &SharedArgs) -> Result<(), CliError> {
    let is = |server: &BaseUrl, default: &str| server.as_str() == default;
    if is(&args.issuer, ISSUER) == is(&args.api_base, API_BASE) {
        Ok(())
    } else {
        Err(CliError::ServersApart)
    }
}

pub(super) fn options(args: &PlatformArgs, context: &Context) -> Options {
    let SharedArgs { issuer, api_base, client_id, .. } = &context.args;
    let usual = Options::new(issuer.clone(), api_base.clone());
    Options {
        client_id: client_id.clone().unwrap_or(usual.client_id),
        redirect: context.callback_ports(&args.callback, usual.redirect.clone()),
        timeout: args.browser.timeout,
        ..usual
    }
}

/// A session for a list: with the stored sign-in, otherwise through the browser.
pub(super) async fn session(
    purpose: &'static str,
    args: &PlatformArgs,
    context: &Context,
) -> Result<Session, CliError> {
    let http = client(context)?;
    match by_store(http.clone(), context).await {
        Err(CliError::Login(error)) if error.requires_sign_in() => {
            explain(&error, context.terminal);
        }
        other => return other,
    }
    let mut pending = platform::start(options(args, context), http).map_err(CliError::Login)?;
    let prompt = Prompt { purpose, args: &args.browser, alternatives: Alternatives::Paste };
    let _until_signed_in = prompt.show(context, pending.authorization());
    Ok(pending.finish(&|event| Reporter::new(context).report(&event)).await?)
}

async fn by_store(http: HttpClient, context: &Context) -> Result<Session, CliError> {
    let profiles = Profiles::chosen(&context.args)?;
    let sign_in = context.stored_sign_in(&profiles, &profiles.selected)?;
    let platform = PlatformApi::new(http, context.args.api_base.clone());
    let events = |event: Event<'_>| Reporter::new(context).report(&event);
    Ok(by_stored_sign_in(&sign_in, &platform, &events).await?)
}

/// Says why the stored sign-in is not used.
fn explain(error: &Error, terminal: Terminal) {
    match error {
        Error::NotSignedIn { .. } => terminal.say("You are not signed in."),
        other => {
            let why = chain(other);
            terminal.say(&format!("The stored sign-in cannot be used: {why}"));
        }
    }
    terminal.say("Sign in for this list; nothing is stored.");
}

/// `org-1  default  Analytical Engines`. The title, which is free text, comes last, so that it cannot
/// look like another column.
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) mark: &'static str,
    pub(super) title: Option<&'a str>,
}

impl<'a> Row<'a> {
    pub(super) fn for_organization(organization: &'a Organization) -> Self {
        let mark = match (organization.is_default, organization.personal) {
            (true, true) => "default, personal",
            (true, false) => "default",
            (false, true) => "personal",
            (false, false) => "",
        };
        Self { id: organization.id.as_str(), mark, title: organization.title.as_deref() }
    }
}

/// A line for each row, in columns.
pub(super) fn table(rows: &[Row<'_>]) -> Vec<String> {
    let widest = |column: fn(&Row<'_>) -> usize| rows.iter().map(column).max().unwrap_or_default();
    let (ids, marks) = (widest(|row| row.id.len()), widest(|row| row.mark.len()));
    let line = |Row { id, mark, title }: &Row<'_>| {
        let title = title.map(|title| excerpt(title, LONGEST_TITLE)).unwrap_or_default();
        let marks = if marks == 0 { String::new() } else { format!("  {mark:marks$}") };
        format!("{id:ids$}{marks}  {title}").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

const LONGEST_TITLE: usize = 80;

/// The time limit of a list, with all its requests.
pub(super) const LIST_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn organization_as_json(organization: &Organization) -> Value {
    json!({
        "id": organization.id.as_str(),
        "title": organization.title,
        "is_default": organization.is_default,
        "personal": organization.personal,
    })
}
