//! The rig: a world with a sandbox and a home folder, a run of the program in it, and what is held
//! against every run.

#[cfg(target_os = "linux")]
mod browser_double;
mod canaries;
mod capture;
mod finished;
#[cfg(target_os = "linux")]
mod netns;
mod pages;
#[cfg(target_os = "linux")]
mod privileges;
mod process;
#[cfg(target_os = "linux")]
mod pty;
mod running;
mod scan;
mod start;
mod stored;
mod wire;
mod world;

#[cfg(target_os = "linux")]
pub(crate) use browser_double::BrowserDouble;
pub(crate) use canaries::Canaries;
pub(crate) use finished::Finished;
#[cfg(target_os = "linux")]
pub(crate) use netns::{Loopback, in_own_namespaces, set_up};
pub(crate) use pages::{Page, assert_policy};
#[cfg(target_os = "linux")]
pub(crate) use privileges::without_root_privileges;
#[cfg(target_os = "linux")]
pub(crate) use pty::{CellStyle, TerminalRun};
pub(crate) use running::Running;
pub(crate) use scan::{Allowed, Printed};
pub(crate) use start::Start;
pub(crate) use stored::{StoredSignIn, jwt};
pub(crate) use wire::{
    assert_headers, assert_pairs, assert_request, claims, form, pairs, parameter,
};
pub(crate) use world::{World, modified, write};

use std::io::Write as _;
use std::time::Duration;

/// Longer than any deadline of the program, and long enough for a machine that is busy with something
/// else; no test waits for it in vain.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Reports a test that this machine cannot run. `.ci/run` counts these lines and fails on one that it
/// does not expect. Written past the test harness, which captures what a test prints, and in one call,
/// because the tests of a crate run side by side.
pub(crate) fn report_skipped(what: &str) {
    let _ = std::io::stderr().write_all(format!("{SKIPPED}{what}\n").as_bytes());
}

const SKIPPED: &str = "not tested on this machine: ";
