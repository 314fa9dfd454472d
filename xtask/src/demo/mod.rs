//! Both sign-ins against a sandbox on this machine: no account, no network, and no file outside a
//! temporary folder.

mod demo_run;
mod format;
mod page;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sandbox::{Recorded, Trail};

use demo_run::{DemoRun, RunResult};
use page::Page;
use rigs::program::{self, Profile};

pub(crate) use demo_run::Viewer;

/// Runs both flows, and shows each step.
///
/// # Errors
///
/// Something cannot be started, or a claim is wrong.
pub(crate) fn run(root: &Path, viewer: Viewer, out: impl Write) -> Result<(), Box<dyn Error>> {
    let mut page = Page::new(out);
    page.paragraph(match viewer {
        Viewer::You => YOU,
        Viewer::Simulated => SIMULATED,
    })?;
    both_flows(program::build(root, Profile::Dev, &[])?, viewer, &mut page)?;
    page.paragraph("")?;
    page.paragraph("Everything held. The temporary folder is gone.")?;
    Ok(())
}

/// Runs both flows of an installed program, with the simulated browser.
///
/// # Errors
///
/// The program cannot be started, or a claim is wrong.
pub(crate) fn sign_in_with(program: PathBuf, out: impl Write) -> Result<(), Box<dyn Error>> {
    both_flows(program, Viewer::Simulated, &mut Page::new(out))
}

fn both_flows(
    program: PathBuf,
    viewer: Viewer,
    page: &mut Page<impl Write>,
) -> Result<(), Box<dyn Error>> {
    let run = DemoRun::start(program, viewer)?;
    run.sign_in(page)?;
    run.create_key(page)?;
    drop(run);
    let failed = page.failed_checks().join("; ");
    if failed.is_empty() { Ok(()) } else { Err(format!("this did not hold: {failed}").into()) }
}

const YOU: &str = "Both sign-ins, against a sandbox on this machine. Your browser opens twice: \
    choose Ada Lovelace, for whom both work. No person there is real, nothing leaves this machine, \
    and every file is in a temporary folder.";

const SIMULATED: &str = "Both sign-ins, against a sandbox on this machine, with somebody made up in \
    front of it. No person here is real, nothing leaves this machine, and every file is in a \
    temporary folder. Secrets are shown as \"…\".";

/// The ports of the registered redirects.
const REGISTERED_FOR_SIGN_IN: u16 = 1455;
const REGISTERED_FOR_KEYS: u16 = 5000;

impl DemoRun {
    fn sign_in(&self, page: &mut Page<impl Write>) -> Result<(), Box<dyn Error>> {
        page.title("Flow A: sign in with ChatGPT")?;
        let arguments = ["login", "--issuer", self.sandbox.issuer_url()];
        let run = self.run(page, &arguments, REGISTERED_FOR_SIGN_IN)?;
        self.show_wire(page, &run)?;

        page.section("The file that is left: auth.json")?;
        let path = self.home.path().join("auth.json");
        let text = fs::read_to_string(&path)?;
        for line in format::redacted(&text, &run.secrets).lines() {
            page.verbatim(line)?;
        }

        page.section("What held")?;
        page.check("standard output is empty", run.result.is_empty())?;
        page.check("auth.json is its owner's alone, mode 0600", is_private(&path)?)?;
        page.check("it has the tokens and the key that were issued", self.has_issued(&text))?;
        self.check_no_secret_is_shown(page, &run)
    }

    fn create_key(&self, page: &mut Page<impl Write>) -> Result<(), Box<dyn Error>> {
        page.title("Flow B: create a project API key")?;
        let (issuer, api) = (self.sandbox.issuer_url(), self.sandbox.api_url());
        let arguments = ["create-key", "--issuer", issuer, "--api-base", api];
        let before = fs::read(self.home.path().join("auth.json"))?;
        let run = self.run(page, &arguments, REGISTERED_FOR_KEYS)?;
        self.show_wire(page, &run)?;

        page.section("Standard output, for OPENAI_API_KEY=$(login-cli create-key)")?;
        page.verbatim(&format::redacted(run.result.trim_end(), &run.secrets))?;

        page.section("What held")?;
        let newest = self.sandbox.issued().api_keys.pop().unwrap_or_default();
        let after = fs::read(self.home.path().join("auth.json"))?;
        page.check("standard output is the key alone", run.result == newest + "\n")?;
        page.check("auth.json is as it was", before == after)?;
        self.check_no_secret_is_shown(page, &run)
    }

    fn has_issued(&self, text: &str) -> bool {
        let issued = self.sandbox.issued();
        let kinds =
            [issued.id_tokens, issued.access_tokens, issued.refresh_tokens, issued.api_keys];
        let newest = |kind: &Vec<String>| kind.last().is_some_and(|one| text.contains(one));
        kinds.iter().all(newest)
    }

    /// The requests of the browser and of the program.
    fn show_wire(&self, page: &mut Page<impl Write>, run: &RunResult) -> io::Result<()> {
        if let Some(trail) = &run.trail {
            page.section("The browser sees, when ada@example.com is chosen")?;
            for [asked, outcome] in trail.steps.iter().map(format::step) {
                page.line(&asked)?;
                page.detail(&outcome)?;
            }
        }
        page.section("The servers are asked by login-cli")?;
        let by_program = |request: &&Recorded| request.path != "/oauth/authorize";
        for request in run.requests.iter().filter(by_program) {
            let (line, parts) = format::request(request);
            page.line(&format!("{}  {line}", self.name(request)))?;
            parts.iter().try_for_each(|part| page.detail(part))?;
        }
        Ok(())
    }

    /// The name of the server, padded to one width.
    fn name(&self, request: &Recorded) -> &'static str {
        let host = request.header("host").unwrap_or_default();
        if self.sandbox.api_url().ends_with(host) { "platform" } else { "issuer  " }
    }

    fn check_no_secret_is_shown(
        &self,
        page: &mut Page<impl Write>,
        run: &RunResult,
    ) -> Result<(), Box<dyn Error>> {
        let is_shown = |secret: &String| !secret.is_empty() && run.said.contains(secret);
        page.check("the terminal shows no secret", !run.secrets.iter().any(is_shown))?;
        if self.viewer == Viewer::Simulated {
            let last = run.trail.as_ref().and_then(Trail::last);
            let is_good = last.is_some_and(|step| step.status == 200);
            page.check("the browser ends on a page that says so", is_good)?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn is_private(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode() & 0o777 == 0o600)
}

/// Only Unix has modes; other systems inherit the rights of the folder.
#[cfg(not(unix))]
fn is_private(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.is_file())
}
