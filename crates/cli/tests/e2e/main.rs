//! The real program as a child process, with the sandbox as its issuer and platform and a person who
//! plays the browser. Whatever a run prints and sends is scanned for secrets when it ends.
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
mod rejections;
mod token_answers;

mod create_key;
mod create_key_failures;
mod create_key_options;
mod lists;
mod polling;

mod access_token_sign_in;
mod api_key_sign_in;
mod codex_elsewhere;
mod exec;
mod json;
mod logout;
mod oauth_client;
mod over;
mod personal_access_token;
mod profiles;
mod refresh;
mod refresh_failures;
mod replacing;
mod restrictions;
mod revocation;
mod status;
mod token;

mod corpus;
mod disk;
mod ports;
mod proxy;
mod streams;
mod unkept;
mod usage;

/// Elsewhere, `BROWSER` does not say which browser is opened, and a real one would be.
#[cfg(target_os = "linux")]
mod browser;
#[cfg(target_os = "linux")]
mod browser_launcher;
#[cfg(unix)]
mod cancel_previous;
#[cfg(target_os = "linux")]
mod choice;
#[cfg(unix)]
mod codex;
#[cfg(target_os = "linux")]
mod completions;
#[cfg(unix)]
mod device;
#[cfg(target_os = "linux")]
mod doctor;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod layouts;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod panic;
#[cfg(target_os = "linux")]
mod power;
#[cfg(target_os = "linux")]
mod refresh_exhausted;
#[cfg(unix)]
mod refresh_interrupted;
#[cfg(unix)]
mod rig;
#[cfg(target_os = "linux")]
mod screens;
#[cfg(unix)]
mod signals;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod terminal;
/// Elsewhere, the system judges certificates, in words of its own.
#[cfg(target_os = "linux")]
mod tls;
#[cfg(target_os = "linux")]
mod traced;
#[cfg(target_os = "linux")]
mod vault;
#[cfg(target_os = "linux")]
mod versions;
#[cfg(target_os = "linux")]
mod ways;
