use std::time::Duration;

use futures_util::StreamExt as _;
use platform_api::{
    Error as PlatformError, Organization, OrganizationId, Project, ProjectId, ProjectList, Session,
};
use tokio::time::{Instant, timeout_at};

use crate::error::Error;
use crate::platform::{list_projects, preferred_organizations, select_organizations};
use crate::search_summary::SearchSummary;

/// Where a key is created.
#[derive(Clone, Debug)]
pub struct Target {
    /// The organization of the project.
    pub organization: Organization,
    /// The project of the key.
    pub project: Project,
}

/// The projects in which a key can be created. There is at least one.
#[derive(Clone, Debug)]
pub struct ProjectChoices {
    targets: Vec<Target>,
    default: usize,
}

impl ProjectChoices {
    /// All projects, in order of preference of their organizations.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The index of the project that is used without a selection.
    #[must_use]
    pub fn default(&self) -> usize {
        self.default
    }

    /// The project at this index.
    #[must_use]
    pub fn into_target(mut self, place: usize) -> Option<Target> {
        (place < self.targets.len()).then(|| self.targets.swap_remove(place))
    }

    pub(super) fn into_default(mut self) -> Target {
        self.targets.swap_remove(self.default)
    }
}

/// The requested organization and project; `None` is the default one.
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

/// How much to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SearchScope {
    /// Until the default project is known.
    UntilDefault,
    /// Everything, for a selection.
    Everything,
}

/// The outcome of one search.
pub(super) enum SearchOutcome {
    Found(ProjectChoices),
    NotFound(SearchSummary),
    /// The platform did not respond before the timeout.
    TimedOut,
}

/// Searches once for the first project that matches `choice`, in order of preference of the
/// organizations.
///
/// # Errors
///
/// The first error of the platform, except for an inaccessible organization; and an id that does not
/// exist.
pub(super) async fn search(
    session: &Session,
    choice: &Choice,
    scope: SearchScope,
    until: Instant,
) -> Result<SearchOutcome, Error> {
    let Ok(all) = timeout_at(until, preferred_organizations(session)).await else {
        return Ok(SearchOutcome::TimedOut);
    };
    let organizations = select_organizations(all?, choice.organization.as_ref())?;
    let mut found = Found::for_organizations(organizations.len());
    let is_enough = scope == SearchScope::UntilDefault;
    let sought = |project: &Project| is_enough && choice.wants_project(project);
    let mut answers = list_projects(session, organizations, sought);
    let mut rest_until = None;
    // In order of preference: the first default project ends the search.
    while let Ok(answer) = timeout_at(rest_until.unwrap_or(until), answers.next()).await {
        let Some((organization, projects)) = answer else { return found.into_outcome(choice) };
        found.add(&organization, projects, choice)?;
        if found.default.is_some() {
            rest_until = rest_until.or(Some(Instant::now() + REMAINING_TIMEOUT));
        }
        if is_enough && found.default.is_some() {
            return found.into_outcome(choice);
        }
    }
    if found.default.is_some() { found.into_outcome(choice) } else { Ok(SearchOutcome::TimedOut) }
}

/// How long the search for further projects takes once the default project is known.
const REMAINING_TIMEOUT: Duration = Duration::from_secs(10);

/// What a search has found so far.
struct Found {
    seen: SearchSummary,
    targets: Vec<Target>,
    default: Option<usize>,
}

impl Found {
    fn for_organizations(organizations: usize) -> Self {
        let seen = SearchSummary { organizations, ..SearchSummary::default() };
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
            // With a default project, an error hides only the projects of this organization.
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

    fn into_outcome(self, choice: &Choice) -> Result<SearchOutcome, Error> {
        let Self { seen, targets, default } = self;
        match (default, &choice.project) {
            (Some(default), _) => Ok(SearchOutcome::Found(ProjectChoices { targets, default })),
            (None, Some(wanted)) if seen.organizations > 0 => Err(Error::UnknownProject {
                wanted: wanted.clone(),
                offered: targets.into_iter().map(|target| target.project).collect(),
            }),
            (None, _) => Ok(SearchOutcome::NotFound(seen)),
        }
    }
}
