use futures_util::StreamExt as _;
use platform_api::{Organization, OrganizationId, Project, ProjectId, Session};

use crate::error::Error;
use crate::platform::{among, organizations, projects_of_each};
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
    let organizations = among(organizations(session).await?, choice.organization.as_ref())?;
    let mut seen = Seen { organizations: organizations.len(), ..Seen::default() };
    let mut others = Vec::new();
    let is_it = |project: &Project| choice.wants_project(project);
    // Judged in order of preference: the first that decides ends the search.
    let mut answers = projects_of_each(session, organizations, is_it);
    while let Some((organization, projects)) = answers.next().await {
        let mut projects = match projects {
            Ok(projects) => projects,
            Err(error) if error.is_inaccessible() => {
                seen.inaccessible += 1;
                continue;
            }
            Err(error) => return Err(Error::Platform(error)),
        };
        if let Some(here) = projects.iter().position(is_it) {
            let project = projects.swap_remove(here);
            return Ok(Look::Found(Target { organization, project }));
        }
        others.extend(projects);
    }
    seen.projects = others.len();
    choice.or_unknown(seen, others)
}
