//! Real browsers: in Chromium, pages of another origin attack the callback port during a sign-in; then
//! sign-ins run in Chromium, Firefox and `WebKit`, also in browsers that insist on https.
//!
//! Chromium is controlled over its own protocol, and Firefox over Marionette: `WebDriver` needs a driver
//! of the same version, Playwright needs Node and a download. Requests and responses are read from the
//! network log of Chromium, which is complete.

mod attacks;
mod chromium;
mod devtools;
mod firefox;
mod harness;
mod https;
mod net_log;
mod other_origin;
mod port;
mod scenario;
mod webdriver;
mod webkit;

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::program::{self, Profile};
use crate::report::Report;
use harness::Harness;
use scenario::ChromiumScenario;

/// What can be asked of it.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Keep screenshots of the pages in this folder: light and dark, wide and narrow
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
}

/// Runs everything in each installed browser, and prints a table for each.
///
/// # Errors
///
/// Something cannot be started, or a claim is wrong.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let program = program::build(root, Profile::Dev)?;
    let harness = Harness::prepare(program, options.screenshots.as_deref())?;
    let looks: [(&str, &str, Look); 3] = [
        ("Chromium", "chromium", in_chromium),
        ("Firefox", "firefox-esr", in_firefox),
        ("WebKit", "WebKitWebDriver with its MiniBrowser, or no Xvfb,", in_webkit),
    ];
    let mut errors = Vec::new();
    for (name, package, look) in looks {
        match look(&harness)? {
            None => crate::skipped(&format!("sign-ins in {name}: there is no {package} here")),
            Some((version, report)) => {
                writeln!(out, "\n{name}: {version}, headless, against login-cli and the sandbox")?;
                errors.extend(report.print(out).err().map(|error| error.to_string()));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n").into()) }
}

/// The version of a browser and its table; `None` if it is not installed.
type Look = fn(&Harness<'_>) -> Result<Option<(String, Report)>, Box<dyn Error>>;

fn in_chromium(harness: &Harness<'_>) -> Result<Option<(String, Report)>, Box<dyn Error>> {
    let Some((name, version)) = chromium::find() else { return Ok(None) };
    Ok(Some((version, ChromiumScenario::prepare(harness, name)?.run()?)))
}

fn in_firefox(harness: &Harness<'_>) -> Result<Option<(String, Report)>, Box<dyn Error>> {
    let Some((name, version)) = firefox::find() else { return Ok(None) };
    let mut report = Report::default();
    harness.sign_ins(&mut firefox::start(name, &[])?, &mut report)?;
    https::in_firefox(name, harness, &mut report)?;
    Ok(Some((version, report)))
}

fn in_webkit(harness: &Harness<'_>) -> Result<Option<(String, Report)>, Box<dyn Error>> {
    let Some(program) = webkit::find() else { return Ok(None) };
    let mut report = Report::default();
    let mut browser = webkit::start(&program, None)?;
    harness.sign_ins(&mut browser, &mut report)?;
    https::in_webkit(&program, harness, &mut report)?;
    Ok(Some((browser.transport.version.clone(), report)))
}
