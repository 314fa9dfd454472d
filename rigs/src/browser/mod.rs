//! A look with real browsers: other people's pages against the callback port during a sign-in in Chromium,
//! and then the sign-ins themselves, in Chromium, Firefox and `WebKit`; and what browsers do that insist on
//! https.
//!
//! Chromium is driven over the pipe of its own protocol: it is the only thing to install,
//! where `WebDriver` needs a driver of the same version beside it, and Playwright needs Node and a
//! download. What it sent and got is read from its log of the network, which leaves out nothing, not
//! even what its developer tools do not show. Firefox has a port of its own as well, and `WebKit` a driver.

mod attacks;
mod chromium;
mod course;
mod devtools;
mod firefox;
mod foreign;
mod https;
mod net_log;
mod port;
mod rig;
mod webdriver;
mod webkit;

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::program::{self, Profile};
use crate::report::Report;
use course::Course;
use rig::Rig;

/// What can be asked of it.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Keep pictures of the pages in this folder: light and dark, wide and narrow
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
}

/// Looks, and prints what was tried and what held. A browser that is not there is named, and that is
/// all.
///
/// # Errors
///
/// Something could not be started, or something did not hold.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let program = program::build(root, Profile::Dev, &[])?;
    let rig = Rig::prepare(program, options.screenshots.as_deref())?;
    let looks: [(&str, &str, Look); 3] = [
        ("Chromium", "chromium", in_chromium),
        ("Firefox", "firefox-esr", in_firefox),
        ("WebKit", "WebKitWebDriver with its MiniBrowser, or no Xvfb,", in_webkit),
    ];
    let mut errors = Vec::new();
    for (name, package, look) in looks {
        match look(&rig)? {
            None => crate::skipped(&format!("sign-ins in {name}: there is no {package} here")),
            Some((version, report)) => {
                writeln!(out, "\n{name}: {version}, headless, against login-cli and the sandbox")?;
                errors.extend(report.print(out).err().map(|error| error.to_string()));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n").into()) }
}

/// The version of a browser, and what was seen in it; none where it is not there.
type Look = fn(&Rig<'_>) -> Result<Option<(String, Report)>, Box<dyn Error>>;

fn in_chromium(rig: &Rig<'_>) -> Result<Option<(String, Report)>, Box<dyn Error>> {
    let Some((name, version)) = chromium::find() else { return Ok(None) };
    Ok(Some((version, Course::prepare(rig, name)?.run()?)))
}

fn in_firefox(rig: &Rig<'_>) -> Result<Option<(String, Report)>, Box<dyn Error>> {
    let Some((name, version)) = firefox::find() else { return Ok(None) };
    let mut report = Report::default();
    rig.sign_ins(&mut firefox::start(name, &[])?, &mut report)?;
    https::in_firefox(name, rig, &mut report)?;
    Ok(Some((version, report)))
}

fn in_webkit(rig: &Rig<'_>) -> Result<Option<(String, Report)>, Box<dyn Error>> {
    let Some(program) = webkit::find() else { return Ok(None) };
    let mut report = Report::default();
    let mut browser = webkit::start(&program, None)?;
    rig.sign_ins(&mut browser, &mut report)?;
    https::in_webkit(&program, rig, &mut report)?;
    Ok(Some((browser.transport.version.clone(), report)))
}
