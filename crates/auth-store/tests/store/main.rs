//! The public API of the store: content, writes, and permissions of the file.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

mod changes;
mod claims;
mod claims_and_locks;
mod external_store;
mod format;
mod interrupted_save;
mod locked_store;
mod look;
mod remove;
mod remove_unused;
mod reserve;
mod save;

#[cfg(unix)]
mod file_locations;
#[cfg(unix)]
mod helper_store;
#[cfg(unix)]
mod warnings;

#[cfg(target_os = "linux")]
mod access;
#[cfg(target_os = "linux")]
mod layouts;
#[cfg(target_os = "linux")]
mod lock_files;
#[cfg(target_os = "linux")]
mod mount;
#[cfg(target_os = "linux")]
mod race;
