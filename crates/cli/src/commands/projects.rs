use login::platform::{Listed, projects};
use platform_api::Project;
use serde_json::{Value, json};

use super::platform::{Row, organization_as_json, session, table};
use crate::args::{ProjectsArgs, SharedArgs};
use crate::failure::Failure;
use crate::setup::Setup;

/// `login-cli projects`.
pub(crate) async fn run(
    args: &ProjectsArgs,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<(), Failure> {
    let session = session("list your projects", &args.platform, shared, setup).await?;
    let listed = projects(&session, args.organization.as_ref()).await?;
    let output = &setup.output;
    output.document(|| listed.iter().map(in_json).collect()).map_err(Failure::Output)?;
    if listed.is_empty() {
        setup.terminal.say("This account has no organization.");
        return Ok(());
    }
    let groups: Vec<String> = listed.iter().map(group).collect();
    output.text(|| groups.join("\n\n")).map_err(Failure::Output)
}

/// An organization, and below it its projects, or why there are none.
fn group(Listed { organization, projects, .. }: &Listed) -> String {
    let mut lines = table(&[Row::of(organization)]);
    let below = match projects.as_deref() {
        None => vec!["(its projects are not for this account)".to_owned()],
        Some([]) => vec!["(no projects)".to_owned()],
        Some(projects) => table(&projects.iter().map(row).collect::<Vec<_>>()),
    };
    lines.extend(below.iter().map(|line| format!("  {line}")));
    lines.join("\n")
}

fn row(project: &Project) -> Row<'_> {
    let mark = if project.is_initial { "default" } else { "" };
    Row { id: project.id.as_str(), mark, title: project.title.as_deref() }
}

/// Projects that are not for this account are null, and not none.
fn in_json(Listed { organization, projects, .. }: &Listed) -> Value {
    let project = |project: &Project| {
        json!({
            "id": project.id.as_str(),
            "title": project.title,
            "is_initial": project.is_initial,
        })
    };
    let mut fields = organization_as_json(organization);
    fields["projects"] =
        projects.as_ref().map(|all| all.iter().map(project).collect::<Value>()).into();
    fields
}
