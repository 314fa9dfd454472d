//! One run of the program, with the servers and a person.

use std::error::Error;
use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::thread::{self, ScopedJoinHandle};

use sandbox::{Listeners, PersonError, Recorded, Sandbox, Scenario, Trail};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use super::format;
use super::page::Page;
use rigs::program::{self, Running, is_address};

/// Who sees the sign-in page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Viewer {
    /// You, in the default browser.
    You,
    /// A simulated person of the sandbox.
    Simulated,
}

/// The program and the servers of both flows.
pub(super) struct DemoRun {
    program: PathBuf,
    pub(super) sandbox: Sandbox,
    pub(super) home: TempDir,
    pub(super) viewer: Viewer,
}

/// The result of a flow.
pub(super) struct RunResult {
    /// What the program wrote to standard output.
    pub(super) result: String,
    /// What it wrote to standard error, without the address.
    pub(super) said: String,
    /// What the simulated browser saw.
    pub(super) trail: Option<Trail>,
    /// The requests at the servers, including those of the browser.
    pub(super) requests: Vec<Recorded>,
    /// The secrets, which none of it may contain.
    pub(super) secrets: Vec<String>,
}

impl DemoRun {
    pub(super) fn start(program: PathBuf, viewer: Viewer) -> Result<Self, Box<dyn Error>> {
        // Two addresses, as in production, so that each flow shows which one it needs.
        let scenario = Scenario { listeners: Listeners::Separate, ..Scenario::default() };
        let sandbox = Sandbox::start_in_thread(scenario)?;
        Ok(Self { program, sandbox, home: TempDir::new()?, viewer })
    }

    /// Why a browser cannot be opened for a person here.
    pub(super) fn browser_obstacle(&self) -> Result<Option<String>, Box<dyn Error>> {
        if !io::stdout().is_terminal() {
            return Ok(Some("standard output is not a terminal".to_owned()));
        }
        let servers = ["--issuer", self.sandbox.issuer_url(), "--api-base", self.sandbox.api_url()];
        let mut doctor = program::command_without_user_settings(&self.program, self.home.path());
        let report = doctor.args(["doctor", "--json"]).args(servers).output()?.stdout;
        let report: Value = serde_json::from_slice(&report)?;
        let checks = report["checks"].as_array().into_iter().flatten();
        let mut launcher = checks.filter(|check| check["name"] == "launcher");
        let launcher = launcher.next().ok_or("doctor does not check the browser")?;
        let found = launcher["found"].as_str().unwrap_or_default();
        Ok((launcher["verdict"] != "ok").then(|| found.trim_start_matches("not used: ").to_owned()))
    }

    /// Runs the program to its end, and shows its output. It listens on the `registered` port if that is
    /// free: the sandbox accepts any port. The simulated person has the `account`.
    pub(super) fn run(
        &self,
        page: &mut Page<impl Write>,
        arguments: &[&str],
        registered: u16,
        account: &str,
    ) -> Result<RunResult, Box<dyn Error>> {
        let mut command = self.show_command(page, arguments, registered)?;
        page.section("The terminal says")?;
        let already = self.sandbox.requests().len();
        let mut running = Running::start(&mut command)?;
        let (said, trail) = self.follow(page, &mut running, account)?;
        let (status, result) = running.ended()?;
        if !status.success() {
            return Err(format!("login-cli ended with {status}; above it says why").into());
        }
        page.line(&format!("(exit code {})", status.code().unwrap_or_default()))?;
        let requests = self.sandbox.requests().split_off(already);
        Ok(RunResult { result, said, trail, requests, secrets: self.sandbox.canaries() })
    }

    /// Runs the program on the terminal of the demo.
    pub(super) fn run_on_terminal(
        &self,
        page: &mut Page<impl Write>,
        arguments: &[&str],
        registered: u16,
    ) -> Result<(), Box<dyn Error>> {
        let mut command = self.show_command(page, arguments, registered)?;
        page.section("The terminal says")?;
        let status = command.status()?;
        // A person can cancel the menu.
        Ok(page.line(&format!("(exit code {})", status.code().unwrap_or_default()))?)
    }

    fn show_command(
        &self,
        page: &mut Page<impl Write>,
        arguments: &[&str],
        registered: u16,
    ) -> io::Result<Command> {
        let command = self.command(arguments, registered);
        page.section("You type")?;
        page.verbatim(&format!("$ export CODEX_HOME={}", self.home.path().display()))?;
        typed(&command).lines().try_for_each(|line| page.verbatim(line))?;
        Ok(command)
    }

    /// Reads the output of the program while the person visits the address.
    fn follow(
        &self,
        page: &mut Page<impl Write>,
        running: &mut Running,
        account: &str,
    ) -> Result<(String, Option<Trail>), Box<dyn Error>> {
        thread::scope(|scope| {
            let mut visit = None;
            let said = self.listen(page, running, |url| {
                visit = Some(scope.spawn(move || self.visit(&url, account)));
            })?;
            Ok((said, visit.map(joined).transpose()?))
        })
    }

    fn command(&self, arguments: &[&str], registered: u16) -> Command {
        let mut command = program::command_without_user_settings(&self.program, self.home.path());
        command.args(arguments);
        if !is_free(registered) {
            command.args(["--port", "0"]);
        }
        if self.viewer == Viewer::Simulated {
            command.arg("--no-browser").env("HOME", self.home.path());
        }
        command
    }

    /// Shows the output line by line, and passes the address on.
    fn listen(
        &self,
        page: &mut Page<impl Write>,
        running: &mut Running,
        mut at_address: impl FnMut(Url),
    ) -> Result<String, Box<dyn Error>> {
        let mut said = String::new();
        while let Some(line) = running.next_line()? {
            match (is_address(&line), self.viewer) {
                (false, _) => {
                    page.line(&line)?;
                    said = said + &line + "\n";
                }
                // For a browser that did not open.
                (true, Viewer::You) => page.verbatim(&line)?,
                (true, Viewer::Simulated) => {
                    let url: Url = line.parse()?;
                    format::address(&url).iter().try_for_each(|line| page.verbatim(line))?;
                    at_address(url);
                }
            }
        }
        Ok(said)
    }

    fn visit(&self, url: &Url, account: &str) -> Result<Trail, PersonError> {
        self.sandbox.person(account).visit_blocking(url.as_str())
    }
}

fn is_free(port: u16) -> bool {
    let taken = |bound: io::Result<TcpListener>| {
        bound.is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
    };
    !taken(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
        && !taken(TcpListener::bind((Ipv6Addr::LOCALHOST, port)))
}

fn joined(
    visit: ScopedJoinHandle<'_, Result<Trail, PersonError>>,
) -> Result<Trail, Box<dyn Error>> {
    match visit.join() {
        Ok(trail) => Ok(trail?),
        Err(_) => Err("the visit to the sign-in page broke off".into()),
    }
}

/// The command as a person types it, one option a line.
fn typed(command: &Command) -> String {
    let words = command.get_args().map(|word| word.to_string_lossy());
    words.fold("$ login-cli".to_owned(), |line, word| {
        let gap = if word.starts_with("--") { " \\\n      " } else { " " };
        line + gap + &word
    })
}
