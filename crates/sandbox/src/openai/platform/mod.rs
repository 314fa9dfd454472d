//! The platform API: the onboarding session, organizations, projects and API keys.

mod api_keys;
mod organizations;
mod projects;
mod session;

pub(crate) use api_keys::api_keys;
pub(crate) use organizations::organizations;
pub(crate) use projects::projects;
pub(crate) use session::onboarding;
