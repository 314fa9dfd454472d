use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use platform_api::{
    Error as PlatformError, Organization, OrganizationId, Project, ProjectLimit, ProjectList,
    Session, by_preference,
};
use tokio::time::timeout;

use crate::error::Error;

/// An organization and its projects; `None` if the person has no access.
pub type OrganizationProjects = (Organization, Option<ProjectList>);

/// Limits endless lists.
const MAX_PROJECTS: usize = 5_000;

/// The organizations of the account, in order of preference.
///
/// # Errors
///
/// [`Error::Platform`], or [`Error::ListTimedOut`].
pub async fn organizations(session: &Session, limit: Duration) -> Result<Vec<Organization>, Error> {
    within(limit, select_organizations(session, None)).await
}

/// The projects of all organizations, or of `one`. An inaccessible organization does not hide the others.
///
/// # Errors
///
/// [`Error::Platform`], [`Error::ListTimedOut`], or [`Error::UnknownOrganization`] if `one`
/// does not exist.
pub async fn projects(
    session: &Session,
    one: Option<&OrganizationId>,
    limit: Duration,
) -> Result<Vec<OrganizationProjects>, Error> {
    let list = async {
        let organizations = select_organizations(session, one).await?;
        let mut lists = list_projects(session, organizations, |_| false);
        let mut all = Vec::new();
        while let Some((organization, list)) = lists.next().await {
            match list {
                Ok(list) => all.push((organization, Some(list))),
                Err(error) if error.is_inaccessible() => all.push((organization, None)),
                Err(error) => return Err(Error::Platform(error)),
            }
        }
        Ok(all)
    };
    within(limit, list).await
}

async fn within<T>(
    limit: Duration,
    list: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(limit, list).await.unwrap_or(Err(Error::ListTimedOut { after: limit }))
}

/// `one` organization, or all in order of preference. An account without organizations is not an error: it
/// may get one later.
pub(crate) async fn select_organizations(
    session: &Session,
    one: Option<&OrganizationId>,
) -> Result<Vec<Organization>, Error> {
    let mut all = by_preference(session.organizations().await.map_err(Error::Platform)?);
    match one {
        Some(wanted) if !all.is_empty() => {
            match all.iter().position(|organization| organization.id == *wanted) {
                Some(place) => Ok(vec![all.swap_remove(place)]),
                None => Err(Error::UnknownOrganization { wanted: wanted.clone(), offered: all }),
            }
        }
        _ => Ok(all),
    }
}

/// Limits the load on the server, and the memory: each response may have half a megabyte. Most accounts have
/// fewer organizations, so that all are read in one round trip.
const CONCURRENT_REQUESTS: usize = 20;

/// The projects of each organization, up to the page with the project that is `sought`, and at most
/// [`MAX_PROJECTS`] in total. The requests run concurrently; dropping the stream cancels them.
pub(crate) fn list_projects(
    session: &Session,
    organizations: Vec<Organization>,
    sought: impl Fn(&Project) -> bool + Copy,
) -> impl Stream<Item = (Organization, Result<ProjectList, PlatformError>)> + Unpin {
    let limit = Arc::new(ProjectLimit::new(MAX_PROJECTS));
    let ask = move |organization: Organization| {
        let limit = limit.clone();
        async move {
            let projects = session.projects_within(&organization.id, sought, &limit).await;
            (organization, projects)
        }
    };
    Box::pin(stream::iter(organizations).map(ask).buffered(CONCURRENT_REQUESTS))
}
