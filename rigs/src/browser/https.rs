//! Browsers that ask for https by themselves: Firefox by its settings, which make an exception of this
//! machine, and `WebKit` because of an earlier development server on this host (HSTS), without one.

use std::error::Error;
use std::path::Path;

use sandbox::{Sandbox, Scenario, Tls};

use super::rig::{Browser, Ending, Rig, SIGNED_IN};
use super::{attacks, firefox, webkit};
use crate::report::Report;

/// Settings with which Firefox signs in all the same.
const MODES: [(&str, &[(&str, bool)]); 3] = [
    ("https-only", &[("dom.security.https_only_mode", true)]),
    ("https-first", &[("dom.security.https_first", true)]),
    ("private", &[("browser.privatebrowsing.autostart", true)]),
];

const BY_ADDRESS: Ending = Ending { options: &["--redirect-host", "127.0.0.1"], ..SIGNED_IN };

pub(super) fn in_firefox(
    name: &str,
    rig: &Rig<'_>,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    for (mode, preferences) in MODES {
        let mut browser = firefox::start(name, preferences)?;
        rig.sign_in(
            &mut browser,
            report,
            &format!("{mode}: a sign-in ends on its page"),
            &SIGNED_IN,
        )?;
    }
    Ok(())
}

/// Somebody has developed a web server here, with TLS, and it has sent the header.
pub(super) fn in_webkit(
    program: &Path,
    rig: &Rig<'_>,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let scenario = Scenario { tls: Tls::On, strict_transport: true, ..Scenario::default() };
    let earlier = Sandbox::start_in_thread(scenario)?;
    let mut browser = webkit::start(program, earlier.ca_pem())?;
    browser.go(&format!("https://localhost:{}/", earlier.issuer_address().port()))?;
    is_told(rig, &mut browser, report, "HSTS for localhost")?;
    let claim = "HSTS for localhost: with --redirect-host 127.0.0.1, a sign-in ends on its page";
    rig.sign_in(&mut browser, report, claim, &BY_ADDRESS)
}

/// The page does not load, and the terminal says why.
fn is_told(
    rig: &Rig<'_>,
    browser: &mut dyn Browser,
    report: &mut Report,
    mode: &str,
) -> Result<(), Box<dyn Error>> {
    let mut waiting = rig.start("login", &[])?;
    let pairs = [("code", "made-up"), ("state", waiting.state.as_str())];
    let callback = attacks::callback(&waiting.redirect_uri, &pairs);
    // A page that does not load is an error to the driver.
    let _ = browser.go(callback.as_str());
    let claim = format!("{mode}: the terminal says so, and names the way out");
    let told = waiting.says("the browser asked for https");
    let told = told.and_then(|()| waiting.says("--redirect-host 127.0.0.1"));
    let seen = told.as_ref().map_or_else(ToString::to_string, |()| "both".to_owned());
    report.claim(&claim, seen, told.is_ok());
    Ok(())
}
