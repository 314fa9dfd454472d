//! The test harness: a `World` has a sandbox and a home folder; `Start` runs the program in it;
//! every run is checked for secrets and leftover files.

#[cfg(target_os = "linux")]
mod browser_double;
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
mod schema;
mod start;
mod stored;
mod wire;
mod world;

#[cfg(target_os = "linux")]
pub(crate) use browser_double::BrowserDouble;
pub(crate) use finished::Finished;
#[cfg(target_os = "linux")]
pub(crate) use netns::{Loopback, in_own_namespaces, set_up};
pub(crate) use pages::{Page, assert_policy};
#[cfg(target_os = "linux")]
pub(crate) use privileges::without_root_privileges;
#[cfg(target_os = "linux")]
pub(crate) use pty::{CellStyle, TerminalRun};
pub(crate) use running::Running;
pub(crate) use sandbox::Canaries;
pub(crate) use scan::{Allowed, Printed};
pub(crate) use schema::problem as schema_problem;
pub(crate) use start::Start;
#[cfg(target_os = "linux")]
pub(crate) use start::{has_musl, program};
pub(crate) use stored::{StoredSignIn, jwt};
pub(crate) use wire::{
    assert_headers, assert_pairs, assert_request, claims, form, pairs, parameter,
};
pub(crate) use world::{World, modified, write};

use std::io::Write as _;
use std::time::Duration;

/// Longer than every timeout of the program, plus tolerance for a busy machine. No test waits for
/// its end.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Reports a test that this machine cannot run. `.ci/run` counts these lines and fails on
/// unexpected ones. The report bypasses the test harness, which captures output, and is one call
/// because tests run in parallel.
pub(crate) fn report_skipped(what: &str) {
    let _ = std::io::stderr().write_all(format!("{SKIPPED}{what}\n").as_bytes());
}

const SKIPPED: &str = "not tested on this machine: ";
