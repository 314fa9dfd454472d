//! `login-cli organizations` and `login-cli projects`, and the way to the platform for `create-key` too.

use std::time::Duration;

use http_client::{BaseUrl, HttpClient};
use login::Error;
use login::openai::{API_BASE, CREATE_API_KEY_USER_AGENT, ISSUER};
use login::platform::{self, Options, OrganizationProjects, by_stored_sign_in};
use platform_api::{Organization, PlatformApi, Project, Session};
use printable::excerpt;
use serde_json::{Value, json};

use crate::args::{PlatformArgs, ProjectsArgs, SharedArgs};
use crate::context::Context;
use crate::error::{CliError, chain};
use crate::prompt::{Alternatives, Prompt};

/// The time limit of a list, with all its requests.
const LIST_TIMEOUT: Duration = Duration::from_secs(60);

/// `login-cli organizations`.
pub(super) async fn organizations(args: &PlatformArgs, context: &Context) -> Result<(), CliError> {
    let session = session("list your organizations", args, context).await?;
    let organizations = platform::organizations(&session, LIST_TIMEOUT).await?;
    let output = &context.output;
    let in_json = || organizations.iter().map(organization_as_json).collect();
    output.document(in_json)?;
    if organizations.is_empty() {
        context.terminal.say("This account has no organization.");
        return Ok(());
    }
    let rows: Vec<Row<'_>> = organizations.iter().map(organization_row).collect();
    Ok(output.text(|| table(&rows).join("\n"))?)
}

/// `login-cli projects`.
pub(super) async fn projects(args: &ProjectsArgs, context: &Context) -> Result<(), CliError> {
    let session = session("list your projects", &args.platform, context).await?;
    let listed = platform::projects(&session, args.organization.as_ref(), LIST_TIMEOUT).await?;
    let output = &context.output;
    warn_of_more(&listed, context);
    if listed.is_empty() {
        context.terminal.say("This account has no organization.");
    }
    if context.args.json.is_some() {
        let document = || listed.into_iter().map(projects_as_json).collect();
        return Ok(output.document(document)?);
    }
    if listed.is_empty() {
        return Ok(());
    }
    let groups: Vec<String> = listed.iter().map(with_projects).collect();
    Ok(output.text(|| groups.join("\n\n"))?)
}

/// An incomplete list looks complete.
fn warn_of_more(listed: &[OrganizationProjects], context: &Context) {
    let lists = listed.iter().filter_map(|(_, list)| list.as_ref());
    if lists.clone().any(|list| list.has_more) {
        let projects: usize = lists.map(|list| list.projects.len()).sum();
        context.terminal.warn(&format!(
            "the list ends after {projects} projects; --organization ID lists those of one organization"
        ));
    }
}

/// An organization with its projects below, or why there are none.
fn with_projects((organization, list): &OrganizationProjects) -> String {
    let mut lines = table(&[organization_row(organization)]);
    let has_more = list.as_ref().is_some_and(|list| list.has_more);
    let below = match list.as_ref().map(|list| list.projects.as_slice()) {
        None => vec!["(you cannot see its projects)".to_owned()],
        Some([]) if !has_more => vec!["(no projects)".to_owned()],
        Some(projects) => table(&projects.iter().map(project_row).collect::<Vec<_>>()),
    };
    let rest = has_more.then(|| "(and more)".to_owned());
    lines.extend(below.iter().chain(&rest).map(|line| format!("  {line}")));
    lines.join("\n")
}

fn project_row(project: &Project) -> Row<'_> {
    let mark = if project.is_initial { "default" } else { "" };
    (project.id.as_str(), mark, project.title.as_deref())
}

/// Projects that the account cannot see are null. The titles are moved: a copy of all of them would be as
/// large as the list.
fn projects_as_json((organization, list): OrganizationProjects) -> Value {
    let project = |project: Project| {
        let mut fields = json!({ "id": project.id.as_str(), "is_initial": project.is_initial });
        fields["title"] = project.title.into();
        fields
    };
    let mut fields = organization_as_json(&organization);
    let has_more = list.as_ref().is_some_and(|list| list.has_more);
    let projects = list.map(|list| list.projects.into_iter().map(project).collect::<Value>());
    fields["projects"] = projects.into();
    fields["has_more"] = has_more.into();
    fields
}

/// The client of the platform, after a check of its address.
pub(super) fn client(context: &Context) -> Result<HttpClient, CliError> {
    check_servers(&context.args)?;
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
async fn session(
    purpose: &'static str,
    args: &PlatformArgs,
    context: &Context,
) -> Result<Session, CliError> {
    let http = client(context)?;
    match by_store(http.clone(), context).await {
        Err(CliError::Login(error)) if error.requires_sign_in() => {
            context.terminal.say(&match error {
                Error::NotSignedIn { .. } => "You are not signed in.".to_owned(),
                other => format!("The stored sign-in cannot be used: {}", chain(&other)),
            });
            context.terminal.say("Sign in once to see the list; this sign-in is not stored.");
        }
        other => return other,
    }
    let mut pending = platform::start(options(args, context), http).map_err(CliError::Login)?;
    let prompt = Prompt { purpose, args: &args.browser, alternatives: Alternatives::Paste };
    let _until_signed_in = prompt.show(context, pending.authorization());
    Ok(pending.finish(&|event| context.report(&event)).await?)
}

async fn by_store(http: HttpClient, context: &Context) -> Result<Session, CliError> {
    let profiles = context.profiles()?;
    let sign_in = context.stored_sign_in(&profiles, &profiles.selected)?;
    let platform = PlatformApi::new(http, context.args.api_base.clone());
    Ok(by_stored_sign_in(&sign_in, &platform, &|event| context.report(&event)).await?)
}

/// An id, a mark and a title: `org-1  default  Analytical Engines`. The title, which is free text, comes
/// last, so that it cannot look like another column.
type Row<'a> = (&'a str, &'static str, Option<&'a str>);

fn organization_row(organization: &Organization) -> Row<'_> {
    let mark = match (organization.is_default, organization.personal) {
        (true, true) => "default, personal",
        (true, false) => "default",
        (false, true) => "personal",
        (false, false) => "",
    };
    (organization.id.as_str(), mark, organization.title.as_deref())
}

/// A line for each row, in columns.
fn table(rows: &[Row<'_>]) -> Vec<String> {
    let ids = rows.iter().map(|(id, ..)| id.len()).max().unwrap_or_default();
    let marks = rows.iter().map(|(_, mark, _)| mark.len()).max().unwrap_or_default();
    let line = |(id, mark, title): &Row<'_>| {
        let title = title.map(|title| excerpt(title, LONGEST_TITLE)).unwrap_or_default();
        let marks = if marks == 0 { String::new() } else { format!("  {mark:marks$}") };
        format!("{id:ids$}{marks}  {title}").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

const LONGEST_TITLE: usize = 80;

fn organization_as_json(organization: &Organization) -> Value {
    json!({
        "id": organization.id.as_str(),
        "title": organization.title,
        "is_default": organization.is_default,
        "personal": organization.personal,
    })
}
