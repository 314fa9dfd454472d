//! Browsers that request https by themselves: Firefox by its settings, which exclude this machine, and
//! `WebKit` after HSTS of an earlier server on this host.

use std::error::Error;
use std::path::Path;

use sandbox::{Sandbox, Scenario, Tls};

use super::harness::{Browser, Ending, Harness, SIGNED_IN};
use super::{attacks, firefox, webkit};
use crate::report::Report;

/// Settings with which a sign-in in Firefox works.
const MODES: [(&str, &[(&str, bool)]); 3] = [
    ("https-only", &[("dom.security.https_only_mode", true)]),
    ("https-first", &[("dom.security.https_first", true)]),
    ("private", &[("browser.privatebrowsing.autostart", true)]),
];

const BY_ADDRESS: Ending = Ending { options: &["--redirect-host", "127.0.0.1"], ..SIGNED_IN };

pub(super) fn in_firefox(
    name: &str,
    harness: &Harness<'_>,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    for (mode, preferences) in MODES {
        let mut browser = firefox::start(name, preferences)?;
        harness.sign_in(
            &mut browser,
            report,
            &format!("{mode}: a sign-in ends on its page"),
            &SIGNED_IN,
        )?;
    }
    Ok(())
}

/// An earlier server on this host has sent `Strict-Transport-Security`.
pub(super) fn in_webkit(
    program: &Path,
    harness: &Harness<'_>,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let scenario = Scenario { tls: Tls::On, strict_transport: true, ..Scenario::default() };
    let earlier = Sandbox::start_in_thread(scenario)?;
    let mut browser = webkit::start(program, earlier.ca_pem())?;
    browser.navigate(&format!("https://localhost:{}/", earlier.issuer_address().port()))?;
    shows_hint(harness, &mut browser, report, "HSTS for localhost")?;
    let claim = "HSTS for localhost: with --redirect-host 127.0.0.1, a sign-in ends on its page";
    harness.sign_in(&mut browser, report, claim, &BY_ADDRESS)
}

/// The page does not load, and the terminal shows the reason.
fn shows_hint(
    harness: &Harness<'_>,
    browser: &mut dyn Browser,
    report: &mut Report,
    mode: &str,
) -> Result<(), Box<dyn Error>> {
    let mut waiting = harness.start("login", &[])?;
    let pairs = [("code", "made-up"), ("state", waiting.state.as_str())];
    let callback = attacks::callback(&waiting.redirect_uri, &pairs);
    // The driver reports a page that does not load as an error.
    let _ = browser.navigate(callback.as_str());
    let claim = format!("{mode}: the terminal says so, and names the way out");
    let told = waiting.says("the browser asked for https");
    let told = told.and_then(|()| waiting.says("--redirect-host 127.0.0.1"));
    let seen = told.as_ref().map_or_else(ToString::to_string, |()| "both".to_owned());
    report.claim(&claim, seen, told.is_ok());
    Ok(())
}
