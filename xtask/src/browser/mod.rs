//! A look with a real browser: other people's pages against the callback port during a sign-in, and
//! then the sign-in itself.
//!
//! Chromium is driven over the pipe of its own protocol: it is the only thing to install,
//! where `WebDriver` needs a driver of the same version beside it, and Playwright needs Node and a
//! download. What it sent and got is read from its log of the network, which leaves out nothing, not
//! even what its developer tools do not show.

mod attacks;
mod chromium;
mod course;
mod devtools;
mod foreign;
mod net_log;
mod report;

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::program::{self, Profile};
use course::Course;

/// What can be asked of it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Keep pictures of the pages in this folder: light and dark, wide and narrow
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
}

/// Looks, and prints what was tried and what held. Without a browser it says so, and that is all.
///
/// # Errors
///
/// Something could not be started, or something did not hold.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let Some((name, version)) = chromium::find() else {
        crate::left_out("attacks in a browser: there is no chromium here");
        writeln!(out, "{NOT_TESTED}")?;
        return Ok(());
    };
    writeln!(out, "With {version}, headless, against login-cli and the sandbox on this machine")?;
    let program = program::build(root, Profile::Dev, &[])?;
    let course = Course::prepare(program, name, options.screenshots.as_deref())?;
    let report = course.run()?;
    report.print(out)?;
    match report.broken() {
        0 => Ok(()),
        broken => Err(format!("{broken} of these lines did not hold").into()),
    }
}

const NOT_TESTED: &str = "\
No Chromium was found. It is looked for as chromium, chromium-browser,
google-chrome and google-chrome-stable, and started through sh.
Debian and Ubuntu: apt install chromium. Fedora: dnf install chromium.";
