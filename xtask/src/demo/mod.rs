//! Both sign-ins and a choice of a project, against a sandbox on this machine: no account, no network, and no file outside a
//! temporary folder.

mod demo_run;
mod format;
mod page;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sandbox::{Account, Recorded, Trail};

use demo_run::{DemoRun, RunResult};
use page::Page;
use rigs::program::{self, Profile};

pub(crate) use demo_run::Viewer;

/// Runs both flows and a choice of a project, and shows each step. The browser is simulated if none can be
/// opened here.
///
/// # Errors
///
/// Something cannot be started, or a claim is wrong.
pub(crate) fn run(root: &Path, viewer: Viewer, out: impl Write) -> Result<(), Box<dyn Error>> {
    let mut page = Page::new(out);
    let mut run = DemoRun::start(program::build(root, Profile::Dev)?, viewer)?;
    if viewer == Viewer::You
        && let Some(obstacle) = run.browser_obstacle()?
    {
        page.paragraph(&format!(
            "The browser is simulated, as with --headless. Reason: {obstacle}."
        ))?;
        page.paragraph("")?;
        run.viewer = Viewer::Simulated;
    }
    page.paragraph(match run.viewer {
        Viewer::You => YOU,
        Viewer::Simulated => SIMULATED,
    })?;
    run.sign_in(&mut page)?;
    run.create_key(&mut page)?;
    run.choose_project(&mut page)?;
    drop(run);
    result(&page)?;
    page.paragraph("")?;
    page.paragraph("All checks passed. The temporary folder is removed.")?;
    Ok(())
}

/// Runs both flows of an installed program, with the simulated browser.
///
/// # Errors
///
/// The program cannot be started, or a claim is wrong.
pub(crate) fn sign_in_with(program: PathBuf, out: impl Write) -> Result<(), Box<dyn Error>> {
    let mut page = Page::new(out);
    let run = DemoRun::start(program, Viewer::Simulated)?;
    run.sign_in(&mut page)?;
    run.create_key(&mut page)?;
    result(&page)
}

fn result(page: &Page<impl Write>) -> Result<(), Box<dyn Error>> {
    let failed = page.failed_checks().join("; ");
    if failed.is_empty() { Ok(()) } else { Err(format!("a check failed: {failed}").into()) }
}

const YOU: &str = "This shows two sign-ins and a menu of projects, against a sandbox on this machine: \
    a server that imitates OpenAI's. Your browser opens three times. The first two times, choose Ada \
    Lovelace. The accounts are invented, nothing leaves this machine, and every file is in a \
    temporary folder.";

const SIMULATED: &str = "This shows two sign-ins and a list of projects, against a sandbox on this \
    machine: a server that imitates OpenAI's. A simulated browser clicks through its pages. The accounts \
    are invented, nothing leaves this machine, and every file is in a temporary folder. Secrets are \
    shown as \"…\".";

/// The ports of the registered redirects.
const REGISTERED_FOR_SIGN_IN: u16 = 1455;
const REGISTERED_FOR_KEYS: u16 = 5000;

impl DemoRun {
    fn sign_in(&self, page: &mut Page<impl Write>) -> Result<(), Box<dyn Error>> {
        page.title("Flow A: sign in with ChatGPT")?;
        let arguments = ["login", "--issuer", self.sandbox.issuer_url()];
        let run = self.run(page, &arguments, REGISTERED_FOR_SIGN_IN, Account::OWNER)?;
        self.show_wire(page, &run)?;

        page.section("The new file auth.json")?;
        let path = self.home.path().join("auth.json");
        let text = fs::read_to_string(&path)?;
        for line in format::redacted(&text, &run.secrets).lines() {
            page.verbatim(line)?;
        }

        page.section("Checks")?;
        page.check("standard output is empty", run.result.is_empty())?;
        page.check("only its owner can read auth.json (mode 0600)", is_private(&path)?)?;
        page.check(
            "auth.json has the tokens and the key that were issued",
            self.has_issued(&text),
        )?;
        self.check_no_secret_is_shown(page, &run)
    }

    fn create_key(&self, page: &mut Page<impl Write>) -> Result<(), Box<dyn Error>> {
        page.title("Flow B: create a project API key")?;
        let (issuer, api) = (self.sandbox.issuer_url(), self.sandbox.api_url());
        let arguments = ["create-key", "--issuer", issuer, "--api-base", api];
        let before = fs::read(self.home.path().join("auth.json"))?;
        let run = self.run(page, &arguments, REGISTERED_FOR_KEYS, Account::OWNER)?;
        self.show_wire(page, &run)?;

        page.section("Standard output, for KEY=$(login-cli create-key)")?;
        page.verbatim(&format::redacted(run.result.trim_end(), &run.secrets))?;

        page.section("Checks")?;
        let newest = self.sandbox.issued().api_keys.pop().unwrap_or_default();
        let after = fs::read(self.home.path().join("auth.json"))?;
        page.check("standard output is only the key", run.result == newest + "\n")?;
        page.check("auth.json did not change", before == after)?;
        self.check_no_secret_is_shown(page, &run)
    }

    /// The menu of `create-key`. Off a terminal there is none, so the simulated person lists the projects.
    fn choose_project(&self, page: &mut Page<impl Write>) -> Result<(), Box<dyn Error>> {
        page.title("Flow B with several projects")?;
        let (issuer, api) = (self.sandbox.issuer_url(), self.sandbox.api_url());
        let servers = ["--issuer", issuer, "--api-base", api];
        if self.viewer == Viewer::You {
            page.paragraph("In the browser, choose Rosalind Franklin, who has three projects.")?;
            let arguments = [&["create-key"], &servers[..]].concat();
            return self.run_on_terminal(page, &arguments, REGISTERED_FOR_KEYS);
        }
        // A folder without the sign-in of another account, which `projects` would use.
        let home = self.home.path().join("rosalind").display().to_string();
        let arguments = [&["projects", "--codex-home", &home], &servers[..]].concat();
        let account = Account::SEVERAL_PROJECTS;
        let run = self.run(page, &arguments, REGISTERED_FOR_KEYS, account)?;
        page.section("Standard output")?;
        run.result.lines().try_for_each(|line| page.verbatim(line))?;
        page.paragraph("")?;
        page.paragraph(
            "create-key takes the default project, or the one that --project names. On a terminal, it \
             shows a menu of the three.",
        )?;
        page.section("Checks")?;
        let mut projects = ["proj_rosalind", "proj_imaging", "proj_letters"].iter();
        let all = projects.all(|id| run.result.contains(id));
        page.check("the three projects are listed", all)?;
        Ok(())
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
            page.section("The browser sees, for ada@example.com")?;
            for [asked, outcome] in trail.steps.iter().map(format::step) {
                page.line(&asked)?;
                page.detail(&outcome)?;
            }
        }
        page.section("The requests of login-cli")?;
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
