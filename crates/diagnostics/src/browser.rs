use std::path::{self, Path, PathBuf};

use crate::host::Host;
use crate::remote_context::RemoteContext;
use crate::status::Status;

/// Whether the browser can be opened.
#[derive(Debug)]
pub enum BrowserFinding {
    /// A browser can be opened.
    Available,
    /// A browser that this program opens would not be on the user's screen.
    Remote(RemoteContext),
    /// `BROWSER` names this program first, and none of its programs exists.
    Missing(String),
    /// No program can open the default browser.
    NoLauncher,
    /// The lookup of the default browser takes too long.
    TimedOut,
}

/// It may block: `can_open` may run a program.
pub(crate) fn check(
    host: &Host,
    path: &[PathBuf],
    can_open: fn() -> bool,
) -> (Status, BrowserFinding) {
    if let Some(context) = host.browser_obstacle() {
        return (Status::Note, BrowserFinding::Remote(context));
    }
    let browser = host.browser.as_deref();
    if let Some(missing) = browser.and_then(|browser| missing_browser(browser, path)) {
        return (Status::Warning, BrowserFinding::Missing(missing.to_owned()));
    }
    match can_open() {
        true => (Status::Ok, BrowserFinding::Available),
        false => (Status::Warning, BrowserFinding::NoLauncher),
    }
}

pub(crate) fn timed_out() -> (Status, BrowserFinding) {
    (Status::Note, BrowserFinding::TimedOut)
}

/// The first program in `browser`, the value of `BROWSER`, if none of its programs exists. The value is a list with
/// colons; each program may have arguments.
///
/// A name without a path separator is looked up in the absolute folders of `path`.
#[must_use]
pub fn missing_browser<'a>(browser: &'a str, path: &[PathBuf]) -> Option<&'a str> {
    let mut programs = browser.split(':').filter_map(|it| it.split_ascii_whitespace().next());
    let first = programs.clone().next()?;
    let folders = || path.iter().filter(|folder| folder.is_absolute());
    let exists = |program: &str| match program.contains(path::is_separator) {
        true => Path::new(program).is_file(),
        false => folders().any(|folder| folder.join(program).is_file()),
    };
    (!programs.any(exists)).then_some(first)
}
