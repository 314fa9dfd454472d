use futures_util::stream::{self, StreamExt as _};
use platform_api::{Organization, OrganizationId, Project, ProjectId, Session, by_preference};

use crate::seen::Seen;

/// Where a key is made.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) organization: Organization,
    pub(crate) project: Project,
}

/// Which organization and project the person asked for; the default ones where they did not.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Only this organization.
    pub organization: Option<OrganizationId>,
    /// This project, rather than the default one.
    pub project: Option<ProjectId>,
}

impl Choice {
    fn wants_organization(&self, organization: &Organization) -> bool {
        self.organization.as_ref().is_none_or(|wanted| *wanted == organization.id)
    }

    fn wants_project(&self, project: &Project) -> bool {
        match &self.project {
            Some(wanted) => *wanted == project.id,
            None => project.is_initial,
        }
    }
}

/// As many organizations as are asked for their projects at the same time. A person in more of them
/// waits a little longer, and no server meets a crowd.
const SIDE_BY_SIDE: usize = 20;

/// One look at everything: the first project, by preference of its organization, that is `choice`,
/// or what was seen instead.
///
/// # Errors
///
/// The first failure of the platform that is not one organization's closed door.
pub(crate) async fn look(
    session: &Session,
    choice: &Choice,
) -> Result<Result<Target, Seen>, platform_api::Error> {
    let mut organizations = by_preference(session.organizations().await?);
    organizations.retain(|organization| choice.wants_organization(organization));

    let mut seen = Seen { organizations: organizations.len(), ..Seen::default() };
    // Asked together and judged in order of preference: the first that decides ends the search, and
    // what was asked of the others is dropped.
    let mut answers = stream::iter(organizations)
        .map(async |organization| {
            let is_it = |project: &Project| choice.wants_project(project);
            let projects = session.projects_until(&organization.id, is_it).await;
            (organization, projects)
        })
        .buffered(SIDE_BY_SIDE);
    while let Some((organization, projects)) = answers.next().await {
        let projects = match projects {
            Ok(projects) => projects,
            Err(error) if error.is_inaccessible() => {
                seen.inaccessible += 1;
                continue;
            }
            Err(error) => return Err(error),
        };
        seen.projects += projects.len();
        if let Some(project) = projects.into_iter().find(|project| choice.wants_project(project)) {
            return Ok(Ok(Target { organization, project }));
        }
    }
    Ok(Err(seen))
}
