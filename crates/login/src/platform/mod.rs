//! A session of the platform, through the browser, to create keys and to list organizations and projects.
//!
//! ```text
//! start ── the port is open, the URL is ready
//!   └─ finish ── callback ── code for access token ── session
//! ```
//!
//! [`by_stored_sign_in`] starts a session with a stored sign-in, without the browser.

mod lists;
mod session;

pub use lists::{OrganizationProjects, organizations, projects};
pub use session::{Options, PendingSession, by_stored_sign_in, check_stored_sign_in, start};

pub(crate) use lists::{list_projects, select_organizations};
