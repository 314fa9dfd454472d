use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;

use crate::error::{Call, Error, decoded};
use crate::id::{OrganizationId, ProjectId};
use crate::list;
use crate::session::Session;

/// A project of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name. A very long name is truncated.
    #[serde(default, deserialize_with = "list::title")]
    pub title: Option<String>,
    /// Whether it is the default project of the organization.
    #[serde(default, deserialize_with = "list::flag")]
    pub is_initial: bool,
}

/// One page of the list.
#[derive(Deserialize)]
pub(crate) struct Page {
    #[serde(deserialize_with = "list::lenient")]
    data: Vec<Project>,
    #[serde(default, deserialize_with = "list::flag")]
    has_more: bool,
    #[serde(default)]
    last_id: Option<String>,
}

/// The projects of an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectList {
    /// In the order of the platform.
    pub projects: Vec<Project>,
    /// Whether there are more projects that were not read.
    pub has_more: bool,
}

/// A shared limit of projects for concurrent lists.
#[derive(Debug)]
pub struct ProjectLimit(AtomicUsize);

impl ProjectLimit {
    /// A limit of so many projects.
    #[must_use]
    pub fn new(projects: usize) -> Self {
        Self(AtomicUsize::new(projects))
    }

    /// Truncates the projects to the remaining limit.
    fn take(&self, wanted: usize) -> usize {
        let rest = |left: usize| Some(left.saturating_sub(wanted));
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest);
        left.unwrap_or_default().min(wanted)
    }
}

/// The pages that were read.
#[derive(Default)]
pub(crate) struct Pages {
    pub(crate) list: ProjectList,
    cursors: Vec<String>,
}

/// With a hundred projects per page, more than any organization has. It limits an endless list.
const MOST_PAGES: usize = 50;

/// The maximum size of a page, in bytes: a hundred projects with the longest titles have a quarter of it.
/// It limits the memory of concurrent lists.
const LARGEST_PAGE: usize = 512 * 1024;

/// The maximum length of a cursor.
const LONGEST_CURSOR: usize = 256;

impl Session {
    /// All projects of an organization.
    ///
    /// # Errors
    ///
    /// [`Error`], with [`Call::Projects`]; if [`Error::is_inaccessible`], the user has no access to
    /// this organization, but may have access to others.
    pub async fn projects(&self, organization: &OrganizationId) -> Result<Vec<Project>, Error> {
        let limit = ProjectLimit::new(usize::MAX);
        Ok(self.projects_within(organization, |_| false, &limit).await?.projects)
    }

    /// The projects of an organization, up to the page with the first project that is `sought`, and within
    /// a limit that concurrent lists share.
    ///
    /// # Errors
    ///
    /// As [`Session::projects`].
    pub async fn projects_within(
        &self,
        organization: &OrganizationId,
        sought: impl Fn(&Project) -> bool,
        limit: &ProjectLimit,
    ) -> Result<ProjectList, Error> {
        let mut pages = Pages::default();
        let mut after = None;
        loop {
            let page = self.projects_page(organization, after.as_deref()).await?;
            let found = page.data.iter().any(&sought);
            after = pages.add(page, limit);
            if found || after.is_none() {
                return Ok(pages.list);
            }
        }
    }

    async fn projects_page(
        &self,
        organization: &OrganizationId,
        after: Option<&str>,
    ) -> Result<Page, Error> {
        let request = self
            .get(&page_path(organization, after))
            .header("openai-organization", organization.as_str())
            .max_body(LARGEST_PAGE);
        decoded(Call::Projects, request.send().await)
    }
}

impl Pages {
    /// Adds a page, and returns the cursor of the next page, if any.
    pub(crate) fn add(&mut self, page: Page, limit: &ProjectLimit) -> Option<String> {
        let last_read = page.data.last().map(|project| project.id.to_string());
        let (listed, kept) = (page.data.len(), limit.take(page.data.len()));
        self.list.projects.extend(page.data.into_iter().take(kept));
        let cursor = page.last_id.or(last_read).filter(|_| page.has_more);
        let cursor = cursor.filter(|cursor| !self.cursors.contains(cursor));
        let is_too_long = |cursor: &String| cursor.len() > LONGEST_CURSOR;
        let is_last =
            self.cursors.len() + 1 >= MOST_PAGES || cursor.as_ref().is_some_and(is_too_long);
        self.list.has_more = kept < listed || (is_last && cursor.is_some());
        let cursor = cursor.filter(|_| !self.list.has_more)?;
        self.cursors.push(cursor.clone());
        Some(cursor)
    }
}

pub(crate) fn page_path(organization: &OrganizationId, after: Option<&str>) -> String {
    let organization = organization.segment();
    let first = format!("/dashboard/organizations/{organization}/projects?detail=basic&limit=100");
    match after {
        Some(cursor) => format!("{first}&after={}", urlencoding::encode(cursor)),
        None => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Page {
        serde_json::from_str(body).unwrap()
    }

    #[track_caller]
    fn next(pages: &mut Pages, body: &str, expected: Option<&str>) {
        let limit = ProjectLimit::new(usize::MAX);
        assert_eq!(pages.add(page(body), &limit).as_deref(), expected, "{body}");
    }

    #[test]
    fn organization_and_cursor_are_encoded() {
        let organization = OrganizationId::new("a/b?c").unwrap();
        let first = "/dashboard/organizations/a%2Fb%3Fc/projects?detail=basic&limit=100";
        assert_eq!(page_path(&organization, None), first);
        let second = page_path(&organization, Some("p&limit=1#\r\n"));
        assert_eq!(second, format!("{first}&after=p%26limit%3D1%23%0D%0A"));
    }

    // threats 137
    #[test]
    fn next_page_is_requested_only_if_there_is_one() {
        let mut pages = Pages::default();
        next(&mut pages, r#"{"data":[{"id":"p1"}],"has_more":true,"last_id":"p1"}"#, Some("p1"));
        next(&mut pages, r#"{"data":[{"id":"p2"},{}],"has_more":true}"#, Some("p2"));
        next(&mut pages, r#"{"data":[{"id":"p3"}],"has_more":false,"last_id":"p3"}"#, None);
        assert_eq!(pages.list.projects.len(), 3);
        for end in
            [r#"{"data":[]}"#, r#"{"data":[],"has_more":true}"#, r#"{"data":[],"has_more":null}"#]
        {
            next(&mut Pages::default(), end, None);
        }
    }

    // threats 137
    #[test]
    fn repeated_cursor_ends_the_list() {
        let mut pages = Pages::default();
        next(&mut pages, r#"{"data":[{"id":"p1"}],"has_more":true}"#, Some("p1"));
        next(&mut pages, r#"{"data":[{"id":"p2"}],"has_more":true}"#, Some("p2"));
        next(&mut pages, r#"{"data":[{"id":"p1"}],"has_more":true}"#, None);
    }

    // threats 137
    #[test]
    fn endless_list_is_limited() {
        let mut pages = Pages::default();
        let endless = |n: usize| format!(r#"{{"data":[{{"id":"p{n}"}}],"has_more":true}}"#);
        let limit = ProjectLimit::new(usize::MAX);
        let followed =
            (0..).take_while(|&n| pages.add(page(&endless(n)), &limit).is_some()).count();
        assert!(pages.list.has_more);
        assert_eq!(followed + 1, MOST_PAGES);
        assert_eq!(pages.list.projects.len(), MOST_PAGES);
    }

    // threats 226
    #[test]
    fn concurrent_lists_share_a_size_limit() {
        let limit = ProjectLimit::new(3);
        let (mut one, mut other) = (Pages::default(), Pages::default());
        let two = r#"{"data":[{"id":"p1"},{"id":"p2"}],"has_more":true}"#;
        assert_eq!(one.add(page(two), &limit).as_deref(), Some("p2"));
        assert_eq!(other.add(page(two), &limit), None);
        assert_eq!((one.list.projects.len(), one.list.has_more), (2, false));
        assert_eq!((other.list.projects.len(), other.list.has_more), (1, true));
    }

    /// Excess data of a response is dropped.
    // threats 226
    #[test]
    fn memory_of_a_project_list_is_limited() {
        let long = "\u{1f511}".repeat(10_000);
        let project = format!(r#"{{"id":"p","title":"{long}"}}"#);
        let body = format!(r#"{{"data":[{}],"has_more":true}}"#, vec![project; 20].join(","));
        let read = page(&body).data;
        assert!(read.iter().all(|it| it.title.as_ref().unwrap().capacity() <= 2048));
        let many = vec![r#"{"id":"p"}"#; 5000].join(",");
        assert_eq!(page(&format!(r#"{{"data":[{many}]}}"#)).data.len(), 1000);
        let mut pages = Pages::default();
        let cursor = "x".repeat(10_000);
        let body = format!(r#"{{"data":[{{"id":"p"}}],"has_more":true,"last_id":"{cursor}"}}"#);
        assert_eq!(pages.add(page(&body), &ProjectLimit::new(9)), None);
        assert!(pages.list.has_more);
    }

    // threats 141
    #[test]
    fn invalid_project_does_not_hide_the_others_and_invalid_envelope_is_an_error() {
        let read = page(
            r#"{"data":[{"id":"p1","is_initial":null,"title":null},{"id":""},7,["p"],{"id":"p2","is_initial":true},
                {"id":"p3","is_initial":"true"}]}"#,
        );
        let read: Vec<_> = read.data.iter().map(|p| (p.id.as_str(), p.is_initial)).collect();
        assert_eq!(read, [("p1", false), ("p2", true)]);
        for body in ["{}", r#"{"data":null}"#, r#"{"data":[],"has_more":"yes"}"#, "[7]"] {
            assert!(serde_json::from_str::<Page>(body).is_err(), "{body}");
        }
    }
}
