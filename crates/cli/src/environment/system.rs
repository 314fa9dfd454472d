//! The variables, the home folder and the clock, as the system has them.

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::shell_path;

/// A variable. An empty one counts as unset.
#[expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The home folder. On Unix only `HOME` counts: the user database also names a home for a service without
/// `HOME`, which would then use credentials in an unexpected place.
#[cfg(unix)]
pub(crate) fn home() -> Option<PathBuf> {
    variable("HOME").map(Into::into)
}

/// The home folder.
#[cfg(not(unix))]
pub(crate) fn home() -> Option<PathBuf> {
    std::env::home_dir()
}

/// A path from an option or a variable.
///
/// # Errors
///
/// It has something that only a shell replaces, as a sentence.
pub(crate) fn path_for_us(path: OsString) -> Result<PathBuf, String> {
    shell_path::check(path, |name| match name {
        "HOME" => home().map(Into::into),
        _ => variable(name),
    })
}

/// The current time.
#[expect(clippy::disallowed_methods, reason = "this is the module that reads the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
