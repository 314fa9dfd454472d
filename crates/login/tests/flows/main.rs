//! The sign-ins, the logout and the import in one process, against the sandbox.

mod authorization_request;
mod create_api_key;
mod errors;
mod import;
mod log_out;
mod platform;
mod project_search;
mod refresh;
mod replaced;
mod sign_in;
mod support;
mod unstored;
