//! The store from outside: what is in the file, how it comes there, and where it may be.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

mod changes;
mod format;
mod locked;
mod look;
mod remove;
mod reserve;
mod save;
mod unfinished;
mod unused;
mod vault;

#[cfg(unix)]
mod helper;
#[cfg(unix)]
mod oddities;
#[cfg(unix)]
mod places;

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
