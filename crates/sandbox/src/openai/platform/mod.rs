//! The platform API: the onboarding session, organizations, projects and API keys.

mod api_keys;
mod bearer;
mod onboarding;
mod organizations;
mod projects;

pub(crate) use api_keys::api_keys;
pub(crate) use onboarding::onboarding;
pub(crate) use organizations::organizations;
pub(crate) use projects::projects;
