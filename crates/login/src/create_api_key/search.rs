use std::time::Duration;

use futures_util::StreamExt as _;
use platform_api::{
    Error as PlatformError, Organization, OrganizationId, Project, ProjectId, ProjectList, Session,
};
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::Error;
use crate::event::{Event, Events};
use crate::platform::{list_projects, select_organizations};
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
#[non_exhaustive]
pub struct ProjectChoices {
    /// All projects, in order of preference of their organizations.
    pub targets: Vec<Target>,
    /// The index of the project that is used without a selection.
    pub default: usize,
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

/// How often and how long to search for a default project: a new account gets one some seconds after
/// its organization.
#[derive(Clone, Copy, Debug)]
pub struct PollPolicy {
    /// The time between two searches.
    pub interval: Duration,
    /// The time until the search is given up.
    pub timeout: Duration,
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self { interval: Duration::from_secs(10), timeout: Duration::from_secs(60) }
    }
}

/// The timeout of a search that begins at the deadline.
const FINAL_SEARCH_TIMEOUT: Duration = Duration::from_secs(2);

/// After a shorter pause, there is no further search.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// Searches until there is a target or the timeout is over. After a transient error, the search is
/// repeated.
pub(super) async fn poll_for_choices(
    session: &Session,
    choice: &Choice,
    scope: SearchScope,
    poll: PollPolicy,
    events: Events<'_>,
) -> Result<ProjectChoices, Error> {
    let deadline = Instant::now() + poll.timeout.min(MAX_TIMEOUT);
    let mut seen = SearchSummary::default();
    loop {
        let failure = match search(session, choice, scope, deadline + FINAL_SEARCH_TIMEOUT).await {
            Ok(Some(found)) => {
                seen = found.seen;
                if let Some(choices) = found.into_choices(choice)? {
                    return Ok(choices);
                }
                None
            }
            Ok(None) => return Err(Error::NoProject { seen, failure: None }),
            Err(Error::Platform(error)) if error.is_transient() => Some(error),
            Err(error) => return Err(error),
        };
        let asked = failure.as_ref().and_then(|error| error.request_failure().retry_after());
        let left = deadline.saturating_duration_since(Instant::now());
        let Some(again_in) = pause(poll.interval.max(asked.unwrap_or_default()), left) else {
            return Err(Error::NoProject { seen, failure: failure.map(Box::new) });
        };
        events(Event::WaitingForProject { seen, failure: failure.as_ref(), again_in });
        sleep(again_in).await;
    }
}

/// Keeps the deadline within the range of the clock.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The pause before the next search, which never ends after the deadline. `None` means no search.
fn pause(wanted: Duration, left: Duration) -> Option<Duration> {
    (!left.is_zero() && left >= MIN_PAUSE.min(wanted)).then(|| wanted.min(left))
}

/// Searches once for the first project that matches `choice`, in order of preference of the
/// organizations. `None` if the platform did not respond before the timeout.
///
/// # Errors
///
/// The first error of the platform, except for an inaccessible organization; and an organization that does
/// not exist.
async fn search(
    session: &Session,
    choice: &Choice,
    scope: SearchScope,
    until: Instant,
) -> Result<Option<Found>, Error> {
    let listed = select_organizations(session, choice.organization.as_ref());
    let Ok(organizations) = timeout_at(until, listed).await else { return Ok(None) };
    let organizations = organizations?;
    let mut found = Found::default();
    found.seen.organizations = organizations.len();
    let ends_at_default = scope == SearchScope::UntilDefault;
    let sought = |project: &Project| ends_at_default && choice.wants_project(project);
    let mut lists = list_projects(session, organizations, sought);
    let mut rest_until = None;
    // In order of preference: the first default project ends the search.
    while let Ok(list) = timeout_at(rest_until.unwrap_or(until), lists.next()).await {
        let Some((organization, projects)) = list else { return Ok(Some(found)) };
        found.add(&organization, projects, choice)?;
        if found.default.is_some() {
            if ends_at_default {
                break;
            }
            rest_until = rest_until.or(Some(Instant::now() + REMAINING_TIMEOUT));
        }
    }
    Ok(found.default.is_some().then_some(found))
}

/// How long the search for further projects takes once the default project is known.
const REMAINING_TIMEOUT: Duration = Duration::from_secs(10);

/// What a search has found.
#[derive(Default)]
struct Found {
    seen: SearchSummary,
    targets: Vec<Target>,
    default: Option<usize>,
}

impl Found {
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

    /// `None` without a default project.
    ///
    /// # Errors
    ///
    /// The requested project does not exist.
    fn into_choices(self, choice: &Choice) -> Result<Option<ProjectChoices>, Error> {
        let Self { seen, targets, default } = self;
        match (default, &choice.project) {
            (Some(default), _) => Ok(Some(ProjectChoices { targets, default })),
            (None, Some(wanted)) if seen.organizations > 0 => Err(Error::UnknownProject {
                wanted: wanted.clone(),
                offered: targets.into_iter().map(|target| target.project).collect(),
            }),
            (None, _) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    // threats 134
    #[test]
    fn last_search_begins_at_the_deadline() {
        assert_eq!(pause(secs(10), secs(60)), Some(secs(10)));
        assert_eq!(pause(secs(10), secs(4)), Some(secs(4)));
        assert_eq!(pause(secs(10), secs(1)), Some(secs(1)));
        assert_eq!(pause(secs(10), Duration::from_millis(900)), None);
        assert_eq!(pause(secs(10), Duration::ZERO), None);
        assert_eq!(pause(Duration::ZERO, Duration::ZERO), None);
        assert_eq!(
            pause(Duration::from_millis(20), Duration::from_millis(30)),
            Some(Duration::from_millis(20))
        );
    }
}
