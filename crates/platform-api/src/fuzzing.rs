//! The doors for the fuzz targets in `fuzz/`. Only a build of `cargo fuzz` has them: they are no part
//! of what this crate offers.

use http_client::Response;

use crate::error::judge;
use crate::organization::Organizations;
use crate::project::{Pages, page_path};
use crate::{Call, Error, Organization, OrganizationId, Project, Room};

/// What every answer says that it is.
pub const CONTENT_TYPE: &str = "application/json";

/// Reads a body as [`Session::organizations`](crate::Session::organizations) does.
pub fn organizations(body: &[u8]) -> Result<Vec<Organization>, Error> {
    let Organizations { data } = judge(Call::Organizations, Ok(success(body)))?;
    Ok(data)
}

/// Where the projects of an organization are asked for, from the first one or after a cursor.
#[must_use]
pub fn projects_path(organization: &OrganizationId, after: Option<&str>) -> String {
    page_path(organization, after)
}

/// The list that [`Session::projects`](crate::Session::projects) puts together.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "only a fuzz target sees it")]
pub struct Listing(Pages);

impl Listing {
    /// Takes the next answer, and says after which project the one behind it begins, if there is one.
    pub fn add(&mut self, body: &[u8]) -> Result<Option<String>, Error> {
        let page = judge(Call::Projects, Ok(success(body)))?;
        Ok(self.0.add(page, &Room::new(usize::MAX)))
    }

    /// The projects so far.
    #[must_use]
    pub fn projects(&self) -> &[Project] {
        &self.0.list.projects
    }
}

fn success(body: &[u8]) -> Response {
    Response::known(200, CONTENT_TYPE, body, "")
}
