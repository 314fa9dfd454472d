use futures_util::stream::{self, StreamExt as _};
use platform_api::{Organization, OrganizationId, Project, ProjectId, Session, by_preference};

use crate::error::Error;
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
    /// The organizations to look at. An account without any may get one yet.
    fn among(&self, all: Vec<Organization>) -> Result<Vec<Organization>, Error> {
        let Some(wanted) = &self.organization else { return Ok(all) };
        match all.iter().find(|organization| organization.id == *wanted) {
            Some(organization) => Ok(vec![organization.clone()]),
            None if all.is_empty() => Ok(all),
            None => Err(Error::UnknownOrganization { wanted: wanted.clone(), offered: all }),
        }
    }

    fn wants_project(&self, project: &Project) -> bool {
        match &self.project {
            Some(wanted) => *wanted == project.id,
            None => project.is_initial,
        }
    }

    fn or_unknown(&self, seen: Seen, others: Vec<Project>) -> Result<Look, Error> {
        match &self.project {
            Some(wanted) if seen.organizations > 0 => {
                Err(Error::UnknownProject { wanted: wanted.clone(), offered: others })
            }
            _ => Ok(Look::NotYet(seen)),
        }
    }
}

/// As many organizations as are asked for their projects at the same time. A person in more of them
/// waits a little longer, and no server meets a crowd.
const SIDE_BY_SIDE: usize = 20;

/// What one look came to.
pub(crate) enum Look {
    Found(Target),
    NotYet(Seen),
}

/// One look at everything: the first project, by preference of its organization, that is `choice`.
///
/// # Errors
///
/// The first failure of the platform that is not one organization's closed door; and an id that was
/// asked for and is not there, since ids do not appear by waiting.
pub(crate) async fn look(session: &Session, choice: &Choice) -> Result<Look, Error> {
    let all = by_preference(session.organizations().await.map_err(Error::Platform)?);
    let organizations = choice.among(all)?;
    let mut seen = Seen { organizations: organizations.len(), ..Seen::default() };
    let mut others = Vec::new();
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
        let mut projects = match projects {
            Ok(projects) => projects,
            Err(error) if error.is_inaccessible() => {
                seen.inaccessible += 1;
                continue;
            }
            Err(error) => return Err(Error::Platform(error)),
        };
        if let Some(here) = projects.iter().position(|project| choice.wants_project(project)) {
            let project = projects.swap_remove(here);
            return Ok(Look::Found(Target { organization, project }));
        }
        others.extend(projects);
    }
    seen.projects = others.len();
    choice.or_unknown(seen, others)
}
