use std::time::Duration;

use futures_util::StreamExt as _;
use platform_api::{
    Error as PlatformError, Organization, OrganizationId, Project, ProjectId, ProjectList, Session,
};
use tokio::time::{Instant, timeout_at};

use crate::error::Error;
use crate::platform::{among, by_preference_of, projects_of_each};
use crate::seen::Seen;

/// Where a key is made.
#[derive(Clone, Debug)]
pub struct Target {
    /// The organization that pays for it.
    pub organization: Organization,
    /// The project that it belongs to.
    pub project: Project,
}

/// Where a key could be made: always somewhere.
#[derive(Clone, Debug)]
pub struct Candidates {
    targets: Vec<Target>,
    default: usize,
}

impl Candidates {
    /// All of them, in order of preference of their organizations.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The place of the one that is taken where nobody chooses.
    #[must_use]
    pub fn default(&self) -> usize {
        self.default
    }

    /// The one at this place, if there is one.
    #[must_use]
    pub fn into_target(mut self, place: usize) -> Option<Target> {
        (place < self.targets.len()).then(|| self.targets.swap_remove(place))
    }

    pub(super) fn into_default(mut self) -> Target {
        self.targets.swap_remove(self.default)
    }
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
}

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breadth {
    /// As much as it takes to know what is taken where nobody chooses.
    UntilDecided,
    /// Everything, so that somebody can choose.
    Everything,
}

/// What one look came to.
pub(super) enum Look {
    Found(Candidates),
    NotYet(Seen),
    /// The time was over before there was an answer.
    TooLate,
}

/// One look for the first project, by preference of its organization, that is `choice`; with it comes
/// what else was seen.
///
/// # Errors
///
/// The first failure of the platform that is not one organization's closed door; and an id that was
/// asked for and is not there, since ids do not appear by waiting.
pub(super) async fn look(
    session: &Session,
    choice: &Choice,
    breadth: Breadth,
    until: Instant,
) -> Result<Look, Error> {
    let Ok(all) = timeout_at(until, by_preference_of(session)).await else {
        return Ok(Look::TooLate);
    };
    let organizations = among(all?, choice.organization.as_ref())?;
    let mut found = Found::among(organizations.len());
    let is_enough = breadth == Breadth::UntilDecided;
    let sought = |project: &Project| is_enough && choice.wants_project(project);
    let mut answers = projects_of_each(session, organizations, sought);
    let mut rest_until = None;
    // Judged in order of preference: the first that decides ends the search.
    while let Ok(answer) = timeout_at(rest_until.unwrap_or(until), answers.next()).await {
        let Some((organization, projects)) = answer else { return found.judged(choice) };
        found.add(&organization, projects, choice)?;
        if found.default.is_some() {
            rest_until = rest_until.or(Some(Instant::now() + FOR_THE_REST));
        }
        if is_enough && found.default.is_some() {
            return found.judged(choice);
        }
    }
    if found.default.is_some() { found.judged(choice) } else { Ok(Look::TooLate) }
}

/// Once it is known what is taken where nobody chooses, so long is waited for what else there is.
const FOR_THE_REST: Duration = Duration::from_secs(10);

/// What was found so far.
struct Found {
    seen: Seen,
    targets: Vec<Target>,
    default: Option<usize>,
}

impl Found {
    fn among(organizations: usize) -> Self {
        let seen = Seen { organizations, ..Seen::default() };
        Self { seen, targets: Vec::new(), default: None }
    }

    fn add(
        &mut self,
        organization: &Organization,
        projects: Result<ProjectList, PlatformError>,
        choice: &Choice,
    ) -> Result<(), Error> {
        let projects = match projects {
            Ok(list) => list.projects,
            // What nobody would have waited for keeps nobody from choosing among the rest.
            Err(error) if error.is_inaccessible() || self.default.is_some() => {
                self.seen.inaccessible += 1;
                return Ok(());
            }
            Err(error) => return Err(Error::Platform(error)),
        };
        let here = projects.iter().position(|project| choice.wants_project(project));
        self.default = self.default.or(here.map(|here| self.targets.len() + here));
        let target = |project| Target { organization: organization.clone(), project };
        self.targets.extend(projects.into_iter().map(target));
        self.seen.projects = self.targets.len();
        Ok(())
    }

    fn judged(self, choice: &Choice) -> Result<Look, Error> {
        let Self { seen, targets, default } = self;
        match (default, &choice.project) {
            (Some(default), _) => Ok(Look::Found(Candidates { targets, default })),
            (None, Some(wanted)) if seen.organizations > 0 => Err(Error::UnknownProject {
                wanted: wanted.clone(),
                offered: targets.into_iter().map(|target| target.project).collect(),
            }),
            (None, _) => Ok(Look::NotYet(seen)),
        }
    }
}
