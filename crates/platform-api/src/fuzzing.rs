//! Entry points for the fuzz targets in `fuzz/`. They exist only in a build of `cargo fuzz`, and
//! are not part of the API.

use http_client::Response;

use crate::error::decoded;
use crate::organization::Organizations;
use crate::project::{Pages, page_path};
use crate::{Call, Error, Organization, OrganizationId, Project, ProjectLimit};

/// The `Content-Type` of every response.
pub const CONTENT_TYPE: &str = "application/json";

/// Reads a body as [`Session::organizations`](crate::Session::organizations) does.
pub fn organizations(body: &[u8]) -> Result<Vec<Organization>, Error> {
    let Organizations { data } = decoded(Call::Organizations, Ok(success(body)))?;
    Ok(data)
}

/// The path of an organization's projects, from the start or after a cursor.
#[must_use]
pub fn projects_path(organization: &OrganizationId, after: Option<&str>) -> String {
    page_path(organization, after)
}

/// The list that [`Session::projects`](crate::Session::projects) collects.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "only a fuzz target sees it")]
pub struct Listing(Pages);

impl Listing {
    /// Adds a response, and returns the cursor of the next page, if any.
    pub fn add(&mut self, body: &[u8]) -> Result<Option<String>, Error> {
        let page = decoded(Call::Projects, Ok(success(body)))?;
        Ok(self.0.add(page, &ProjectLimit::new(usize::MAX)))
    }

    /// The collected projects.
    #[must_use]
    pub fn projects(&self) -> &[Project] {
        &self.0.list.projects
    }
}

fn success(body: &[u8]) -> Response {
    Response::known(200, CONTENT_TYPE, body, "")
}
