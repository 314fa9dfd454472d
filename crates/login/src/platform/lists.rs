use futures_util::stream::{self, Stream, StreamExt as _};
use platform_api::{
    Error as PlatformError, Organization, OrganizationId, Project, Session, by_preference,
};

use crate::error::Error;

/// An organization, and what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The organization.
    pub organization: Organization,
    /// Its projects, as the platform lists them; `None` where they are not for this person.
    pub projects: Option<Vec<Project>>,
}

/// The organizations of the account, in the order in which one of them is preferred.
///
/// # Errors
///
/// [`Error::Platform`].
pub async fn organizations(session: &Session) -> Result<Vec<Organization>, Error> {
    let listed = session.organizations().await.map_err(Error::Platform)?;
    Ok(by_preference(listed))
}

/// The projects of all these organizations, or of this `one`. A closed door hides nothing but what is
/// behind it.
///
/// # Errors
///
/// [`Error::Platform`], or [`Error::UnknownOrganization`] where there is no such `one`.
pub async fn projects(
    session: &Session,
    one: Option<&OrganizationId>,
) -> Result<Vec<Listed>, Error> {
    let organizations = among(organizations(session).await?, one)?;
    let mut answers = projects_of_each(session, organizations, |_| false);
    let mut all = Vec::new();
    while let Some((organization, projects)) = answers.next().await {
        let projects = match projects {
            Ok(projects) => Some(projects),
            Err(error) if error.is_inaccessible() => None,
            Err(error) => return Err(Error::Platform(error)),
        };
        all.push(Listed { organization, projects });
    }
    Ok(all)
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

/// The projects of each organization, up to the page that has the one that is `sought`. They are asked
/// together, and answer in their own order; what was asked of the others is dropped with this.
pub(crate) fn projects_of_each(
    session: &Session,
    organizations: Vec<Organization>,
    sought: impl Fn(&Project) -> bool + Copy,
) -> impl Stream<Item = (Organization, Result<Vec<Project>, PlatformError>)> + Unpin {
    let ask = move |organization: Organization| async move {
        let projects = session.projects_until(&organization.id, sought).await;
        (organization, projects)
    };
    Box::pin(stream::iter(organizations).map(ask).buffered(SIDE_BY_SIDE))
}
