use login::platform::{OrganizationProjects, projects};
use platform_api::Project;
use serde_json::{Value, json};

use super::platform::{LIST_TIMEOUT, Row, organization_as_json, session, table};
use crate::args::ProjectsArgs;
use crate::context::Context;
use crate::error::CliError;

/// `login-cli projects`.
pub(crate) async fn run(args: &ProjectsArgs, context: &Context) -> Result<(), CliError> {
    let session = session("list your projects", &args.platform, context).await?;
    let listed = projects(&session, args.organization.as_ref(), LIST_TIMEOUT).await?;
    let output = &context.output;
    warn_of_more(&listed, context);
    if listed.is_empty() {
        context.terminal.say("This account has no organization.");
    }
    if context.args.json.is_some() {
        let document = || listed.into_iter().map(in_json).collect();
        return Ok(output.document(document)?);
    }
    if listed.is_empty() {
        return Ok(());
    }
    let groups: Vec<String> = listed.iter().map(group).collect();
    Ok(output.text(|| groups.join("\n\n"))?)
}

/// An incomplete list looks complete.
fn warn_of_more(listed: &[OrganizationProjects], context: &Context) {
    if listed.iter().any(|one| one.has_more) {
        let projects: usize =
            listed.iter().filter_map(|one| Some(one.projects.as_ref()?.len())).sum();
        context.terminal.warn(&format!(
            "the list ends after {projects} projects; --organization ID lists those of one organization"
        ));
    }
}

/// An organization with its projects below, or why there are none.
fn group(
    OrganizationProjects { organization, projects, has_more, .. }: &OrganizationProjects,
) -> String {
    let mut lines = table(&[Row::for_organization(organization)]);
    let below = match projects.as_deref() {
        None => vec!["(you cannot see its projects)".to_owned()],
        Some([]) if !has_more => vec!["(no projects)".to_owned()],
        Some(projects) => table(&projects.iter().map(row).collect::<Vec<_>>()),
    };
    let rest = has_more.then(|| "(and more)".to_owned());
    lines.extend(below.iter().chain(&rest).map(|line| format!("  {line}")));
    lines.join("\n")
}

fn row(project: &Project) -> Row<'_> {
    let mark = if project.is_initial { "default" } else { "" };
    Row { id: project.id.as_str(), mark, title: project.title.as_deref() }
}

/// Projects that the account cannot see are null. The titles are moved: a copy of all of them would be as
/// large as the list.
fn in_json(
    OrganizationProjects { organization, projects, has_more, .. }: OrganizationProjects,
) -> Value {
    let project = |project: Project| {
        let mut fields = json!({ "id": project.id.as_str(), "is_initial": project.is_initial });
        fields["title"] = project.title.into();
        fields
    };
    let mut fields = organization_as_json(&organization);
    fields["projects"] = projects.map(|all| all.into_iter().map(project).collect::<Value>()).into();
    fields["has_more"] = has_more.into();
    fields
}
