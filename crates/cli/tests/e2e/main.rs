//! Runs the program as a child process, with the sandbox as issuer and platform and a simulated
//! browser. Every run is searched for secrets at its end.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

mod login;
mod login_options;

mod callback;
mod id_token;
mod identity;
mod login_failures;
mod rejected_callbacks;
mod token_responses;

mod create_key;
mod create_key_failures;
mod create_key_options;
mod lists;
mod polling;

mod access_token_sign_in;
mod api_key_sign_in;
mod codex_store_notes;
mod env;
mod exec;
mod expired_sign_in;
mod json;
mod logout;
mod oauth_client;
mod personal_access_token;
mod profiles;
mod refresh;
mod refresh_failures;
mod replaced_sign_in;
mod restrictions;
mod revocation;
mod schema;
mod status;
mod token;

mod auth_json_files;
mod ports;
mod proxy;
mod standard_streams;
mod store_failures;
mod unstored_tokens;
mod usage;

/// On other systems, `BROWSER` has no effect and a real browser would open.
#[cfg(target_os = "linux")]
mod browser;
#[cfg(target_os = "linux")]
mod browser_launcher;
#[cfg(unix)]
#[cfg(unix)]
mod codex;
#[cfg(target_os = "linux")]
mod completions;
#[cfg(target_os = "linux")]
mod credential_helper;
#[cfg(unix)]
mod device_code;
#[cfg(target_os = "linux")]
mod doctor;
#[cfg(target_os = "linux")]
mod file_permissions;
#[cfg(unix)]
mod harness;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod other_users;
#[cfg(target_os = "linux")]
mod panic;
#[cfg(all(feature = "postgres", target_os = "linux"))]
mod postgres;
#[cfg(target_os = "linux")]
mod power_failure;
#[cfg(target_os = "linux")]
mod project_menu;
#[cfg(target_os = "linux")]
mod recipes;
#[cfg(unix)]
mod refresh_interrupted;
#[cfg(target_os = "linux")]
mod refresh_resource_limits;
#[cfg(target_os = "linux")]
mod screens;
#[cfg(target_os = "linux")]
mod scripts;
#[cfg(target_os = "linux")]
mod sign_in_methods;
#[cfg(unix)]
mod signals;
#[cfg(target_os = "linux")]
mod strace;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod terminal;
/// On other systems, the system verifies certificates and words its own errors.
#[cfg(target_os = "linux")]
mod tls;
#[cfg(target_os = "linux")]
mod unusable_folders;
#[cfg(target_os = "linux")]
mod versions;
