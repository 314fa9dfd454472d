use std::path::{self, Path, PathBuf};

use crate::host::Host;
use crate::remote_context::RemoteContext;
use crate::status::Status;

/// Whether the browser can be opened.
#[derive(Debug)]
pub enum BrowserFinding {
    /// It can.
    Available,
    /// One that is opened here would not be in front of the person.
    Remote(RemoteContext),
    /// `BROWSER` names this program, and no other that exists.
    Missing(String),
    /// There is no program that opens the default browser.
    NoLauncher,
    /// The program that knows the default browser does not answer.
    TimedOut,
}

/// It may take as long as the program that knows the default browser.
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

/// The first program that `browser`, the value of `BROWSER`, names, if none of those that it names
/// exists. It may name several, separated by colons, each with arguments.
///
/// A name without a separator is looked up in the folders of `path` that are absolute.
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
