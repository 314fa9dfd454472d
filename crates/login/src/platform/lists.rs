use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use platform_api::{
    Error as PlatformError, Organization, OrganizationId, Project, ProjectList, Room, Session,
    by_preference,
};
use tokio::time::timeout;

use crate::error::Error;

/// An organization, and what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The organization.
    pub organization: Organization,
    /// Its projects, as the platform lists them; `None` where they are not for this person.
    pub projects: Option<Vec<Project>>,
    /// Whether it has more projects, which were not read.
    pub has_more: bool,
}

/// More than a person reads. A list that has no end, or many that have none, end here.
const MOST_PROJECTS: usize = 10_000;

/// The organizations of the account, in the order in which one of them is preferred.
///
/// # Errors
///
/// [`Error::Platform`], or [`Error::ListTimedOut`].
pub async fn organizations(session: &Session, limit: Duration) -> Result<Vec<Organization>, Error> {
    within(limit, by_preference_of(session)).await
}

/// The projects of all these organizations, or of this `one`. A closed door hides nothing but what is
/// behind it.
///
/// # Errors
///
/// [`Error::Platform`], [`Error::ListTimedOut`], or [`Error::UnknownOrganization`] where there is no such
/// `one`.
pub async fn projects(
    session: &Session,
    one: Option<&OrganizationId>,
    limit: Duration,
) -> Result<Vec<Listed>, Error> {
    within(limit, all_projects(session, one)).await
}

async fn within<T>(
    limit: Duration,
    list: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(limit, list).await.unwrap_or(Err(Error::ListTimedOut { after: limit }))
}

async fn all_projects(
    session: &Session,
    one: Option<&OrganizationId>,
) -> Result<Vec<Listed>, Error> {
    let organizations = among(by_preference_of(session).await?, one)?;
    let mut answers = projects_of_each(session, organizations, |_| false);
    let mut all = Vec::new();
    while let Some((organization, answer)) = answers.next().await {
        let (projects, has_more) = match answer {
            Ok(list) => (Some(list.projects), list.has_more),
            Err(error) if error.is_inaccessible() => (None, false),
            Err(error) => return Err(Error::Platform(error)),
        };
        all.push(Listed { organization, projects, has_more });
    }
    Ok(all)
}

pub(crate) async fn by_preference_of(session: &Session) -> Result<Vec<Organization>, Error> {
    let listed = session.organizations().await.map_err(Error::Platform)?;
    Ok(by_preference(listed))
}

/// The organizations to look at: `one` of them, or all. An account without any may get one yet.
pub(crate) fn among(
    all: Vec<Organization>,
    one: Option<&OrganizationId>,
) -> Result<Vec<Organization>, Error> {
    let Some(wanted) = one else { return Ok(all) };
    match all.iter().find(|organization| organization.id == *wanted) {
        Some(organization) => Ok(vec![organization.clone()]),
        None if all.is_empty() => Ok(all),
        None => Err(Error::UnknownOrganization { wanted: wanted.clone(), offered: all }),
    }
}

/// As many organizations as are asked for their projects at the same time. A person in more of them
/// waits a little longer, and no server meets a crowd.
const SIDE_BY_SIDE: usize = 20;

/// The projects of each organization, up to the page that has the one that is `sought`, and
/// [`MOST_PROJECTS`] of all. They are asked together, and answer in their own order; what was asked of the
/// others is dropped with this.
pub(crate) fn projects_of_each(
    session: &Session,
    organizations: Vec<Organization>,
    sought: impl Fn(&Project) -> bool + Copy,
) -> impl Stream<Item = (Organization, Result<ProjectList, PlatformError>)> + Unpin {
    let room = Arc::new(Room::new(MOST_PROJECTS));
    let ask = move |organization: Organization| {
        let room = room.clone();
        async move {
            let projects = session.projects_within(&organization.id, sought, &room).await;
            (organization, projects)
        }
    };
    Box::pin(stream::iter(organizations).map(ask).buffered(SIDE_BY_SIDE))
}
