use serde::Deserialize;

use crate::error::{Call, Error, judge};
use crate::id::{OrganizationId, ProjectId};
use crate::list;
use crate::session::Session;

/// A project of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name, as somebody typed it.
    #[serde(default)]
    pub title: Option<String>,
    /// Whether it is the one that every organization begins with.
    #[serde(default, deserialize_with = "list::flag")]
    pub is_initial: bool,
}

/// One answer of the list.
#[derive(Deserialize)]
pub(crate) struct Page {
    #[serde(deserialize_with = "list::lenient")]
    data: Vec<Project>,
    #[serde(default, deserialize_with = "list::flag")]
    has_more: bool,
    #[serde(default)]
    last_id: Option<String>,
}

/// The pages so far.
#[derive(Default)]
pub(crate) struct Pages {
    pub(crate) projects: Vec<Project>,
    cursors: Vec<String>,
}

/// With a hundred projects on each, more than any organization has; a list that never ends is not
/// followed for ever.
const MOST_PAGES: usize = 50;

impl Session {
    /// All projects of an organization.
    ///
    /// # Errors
    ///
    /// [`Error`], with [`Call::Projects`]; where [`Error::is_inaccessible`], this organization's
    /// projects are not for this person, which says nothing about the next organization.
    pub async fn projects(&self, organization: &OrganizationId) -> Result<Vec<Project>, Error> {
        self.projects_until(organization, |_| false).await
    }

    /// The projects of an organization, up to the page that has the one that is `sought`: a list of
    /// many pages need not be read to its end for a project on the first.
    ///
    /// # Errors
    ///
    /// As [`Session::projects`].
    pub async fn projects_until(
        &self,
        organization: &OrganizationId,
        sought: impl Fn(&Project) -> bool,
    ) -> Result<Vec<Project>, Error> {
        let mut pages = Pages::default();
        let mut after = None;
        loop {
            let page = self.projects_page(organization, after.as_deref()).await?;
            let found = page.data.iter().any(&sought);
            after = pages.add(page);
            if found || after.is_none() {
                return Ok(pages.projects);
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
            .header("openai-organization", organization.as_str());
        judge(Call::Projects, request.send().await)
    }
}

impl Pages {
    /// Takes a page over, and says after which project the next one begins, if there is one.
    pub(crate) fn add(&mut self, page: Page) -> Option<String> {
        let last_read = page.data.last().map(|project| project.id.to_string());
        self.projects.extend(page.data);
        let cursor = page.last_id.or(last_read).filter(|_| page.has_more)?;
        let goes_on = self.cursors.len() + 1 < MOST_PAGES && !self.cursors.contains(&cursor);
        goes_on.then(|| {
            self.cursors.push(cursor.clone());
            cursor
        })
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
        assert_eq!(pages.add(page(body)).as_deref(), expected, "{body}");
    }

    #[test]
    fn an_organization_and_a_cursor_stay_where_they_belong() {
        let organization = OrganizationId::new("a/b?c").unwrap();
        let first = "/dashboard/organizations/a%2Fb%3Fc/projects?detail=basic&limit=100";
        assert_eq!(page_path(&organization, None), first);
        let second = page_path(&organization, Some("p&limit=1#\r\n"));
        assert_eq!(second, format!("{first}&after=p%26limit%3D1%23%0D%0A"));
    }

    // threats 137
    #[test]
    fn the_next_page_is_asked_for_only_where_there_is_one() {
        let mut pages = Pages::default();
        next(&mut pages, r#"{"data":[{"id":"p1"}],"has_more":true,"last_id":"p1"}"#, Some("p1"));
        next(&mut pages, r#"{"data":[{"id":"p2"},{}],"has_more":true}"#, Some("p2"));
        next(&mut pages, r#"{"data":[{"id":"p3"}],"has_more":false,"last_id":"p3"}"#, None);
        assert_eq!(pages.projects.len(), 3);
        for end in
            [r#"{"data":[]}"#, r#"{"data":[],"has_more":true}"#, r#"{"data":[],"has_more":null}"#]
        {
            next(&mut Pages::default(), end, None);
        }
    }

    // threats 137
    #[test]
    fn a_cursor_that_comes_again_ends_the_list() {
        let mut pages = Pages::default();
        next(&mut pages, r#"{"data":[{"id":"p1"}],"has_more":true}"#, Some("p1"));
        next(&mut pages, r#"{"data":[{"id":"p2"}],"has_more":true}"#, Some("p2"));
        next(&mut pages, r#"{"data":[{"id":"p1"}],"has_more":true}"#, None);
    }

    // threats 137
    #[test]
    fn a_list_without_an_end_is_not_followed_for_ever() {
        let mut pages = Pages::default();
        let endless = |n: usize| format!(r#"{{"data":[{{"id":"p{n}"}}],"has_more":true}}"#);
        let followed = (0..).take_while(|&n| pages.add(page(&endless(n))).is_some()).count();
        assert_eq!(followed + 1, MOST_PAGES);
        assert_eq!(pages.projects.len(), MOST_PAGES);
    }

    // threats 141
    #[test]
    fn an_odd_project_does_not_hide_the_others_and_an_odd_envelope_is_no_page() {
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
