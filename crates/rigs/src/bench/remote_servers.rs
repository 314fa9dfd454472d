//! One flow against servers at a given distance, over TLS, with a simulated person.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sandbox::{
    Account, Conduct, Endpoint, Listeners, Organization, Project, Sandbox, Scenario, Step, Tls,
};
use tempfile::TempDir;
use url::Url;

use super::delay_proxy::DelayProxy;
use crate::http::{exchange, visit};
use crate::metrics::Watch;
use crate::program::{self, Running};

/// A flow of the program.
#[derive(Clone, Copy)]
pub(super) enum Flow {
    SignIn,
    CreateKey { organizations: usize, decided_by: Deciding },
}

/// The organization with the default project.
#[derive(Clone, Copy)]
pub(super) enum Deciding {
    First,
    Last,
}

/// The servers, and the proxies in front of them.
pub(super) struct RemoteServers {
    flow: Flow,
    sandbox: Sandbox,
    issuer: String,
    api: String,
    round_trip: Duration,
    folder: TempDir,
    /// How many runs have opened their connections.
    runs: AtomicUsize,
}

impl RemoteServers {
    pub(super) fn start(flow: Flow, round_trip: Duration) -> Result<Self, Box<dyn Error>> {
        let (to_issuer, to_api) = (DelayProxy::bind()?, DelayProxy::bind()?);
        let url = |proxy: &DelayProxy| format!("https://{}", proxy.address);
        let (issuer, api) = (url(&to_issuer), url(&to_api));
        let sandbox = Sandbox::start_in_thread(Scenario {
            accounts: vec![flow.account()],
            listeners: Listeners::Separate,
            tls: Tls::On,
            issuer: Some(issuer.clone()),
            ..Scenario::default()
        })?;
        to_issuer.forward_to(server_address(sandbox.issuer_url())?, round_trip);
        to_api.forward_to(server_address(sandbox.api_url())?, round_trip);

        let folder = TempDir::new()?;
        let pem = sandbox.ca_pem().ok_or("the sandbox has no certificate")?;
        File::create(ca_file(folder.path()))?.write_all(pem.as_bytes())?;
        Ok(Self { flow, sandbox, issuer, api, round_trip, folder, runs: AtomicUsize::new(0) })
    }

    /// The time of one run, from the redirect of the browser to the callback until the program ends.
    pub(super) fn time(&self, program: &Path) -> Result<Duration, Box<dyn Error>> {
        let home = TempDir::new()?;
        let mut running = Running::start(&mut self.command(program, home.path()))?;
        let callback = self.begin(&mut running)?;
        let begun = Instant::now();
        finish(&mut running, &callback)?;
        Ok(begun.elapsed())
    }

    /// The peak memory of one run, in bytes; 0 on systems other than Linux. Watching takes time, so this
    /// run is not timed.
    pub(super) fn peak(&self, program: &Path) -> Result<u64, Box<dyn Error>> {
        let home = TempDir::new()?;
        let mut running = Running::start(&mut self.command(program, home.path()))?;
        let watch = Watch::begin(running.id(), Duration::from_micros(500));
        let callback = self.begin(&mut running)?;
        finish(&mut running, &callback)?;
        Ok(watch.end().memory)
    }

    /// Signs the person in, and waits until the program has opened its connections, as it does while
    /// a person reads the page.
    fn begin(&self, running: &mut Running) -> Result<Url, Box<dyn Error>> {
        let callback = self.sign_in(&running.address()?)?;
        let warm = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        self.sandbox.wait_for_requests_blocking(
            &Endpoint::Root,
            warm * self.flow.servers(),
            TIMEOUT,
        )?;
        // The response to the last of these requests has to arrive.
        thread::sleep(self.round_trip * 2);
        Ok(callback)
    }

    fn command(&self, program: &Path, home: &Path) -> Command {
        let mut command = program::command_without_user_settings(program, home);
        command.args(match self.flow {
            Flow::SignIn => vec!["login"],
            Flow::CreateKey { .. } => vec!["create-key", "--api-base", &self.api],
        });
        command.args(["--no-browser", "--port", "0", "--issuer", &self.issuer]);
        command.arg("--ca-file").arg(ca_file(self.folder.path()));
        command
    }

    /// The part before the clock starts. The browser is next to the servers: the time of their pages
    /// does not count.
    fn sign_in(&self, address: &str) -> Result<Url, Box<dyn Error>> {
        let nearby = address.replacen(&self.issuer, self.sandbox.issuer_url(), 1);
        let person = self.sandbox.person(Account::OWNER).with_conduct(Conduct::StopsBeforeCallback);
        let trail = person.visit_blocking(&nearby)?;
        let callback = trail.last().and_then(Step::location);
        callback.ok_or_else(|| "the issuer does not send the browser back".into())
    }
}

/// The part that is measured: the callback, and the rest of the program.
fn finish(running: &mut Running, callback: &Url) -> Result<(), Box<dyn Error>> {
    let page = request_callback(callback)?;
    let (status, _) = running.ended()?;
    if status.success() && page == 200 {
        return Ok(());
    }
    Err(format!("the flow failed: {status}, and a page with status {page}").into())
}

/// Goes to the callback and follows its redirects; returns the last status.
fn request_callback(callback: &Url) -> Result<u16, Box<dyn Error>> {
    let mut url = callback.clone();
    loop {
        let address = url.socket_addrs(|| None)?;
        let address = address.first().ok_or("the callback has no address")?;
        let response = exchange(*address, &visit(&url))?;
        match response.location() {
            Some(location) => url = location,
            None => return response.status().ok_or_else(|| "this is no HTTP".into()),
        }
    }
}

/// Enough on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

fn server_address(url: &str) -> io::Result<SocketAddr> {
    let address = url.trim_start_matches("https://").parse();
    address.map_err(io::Error::other)
}

fn ca_file(folder: &Path) -> PathBuf {
    folder.join("ca.pem")
}

impl Flow {
    /// How many servers it connects to before the callback.
    fn servers(self) -> usize {
        match self {
            Self::SignIn => 1,
            Self::CreateKey { .. } => 2,
        }
    }

    fn account(self) -> Account {
        match self {
            Self::SignIn => Account::owner(),
            Self::CreateKey { organizations, decided_by } => {
                let deciding = match decided_by {
                    Deciding::First => 0,
                    Deciding::Last => organizations.saturating_sub(1),
                };
                let all = (0..organizations).map(|number| organization(number, deciding));
                Account { organizations: all.collect(), ..Account::owner() }
            }
        }
    }
}

/// The first organization is the default one; the `deciding` one has the default project.
fn organization(number: usize, deciding: usize) -> Organization {
    let project = Project {
        id: format!("proj_{number}"),
        is_initial: number == deciding,
        ..Project::default()
    };
    Organization {
        id: format!("org-{number}"),
        is_default: number == 0,
        projects: vec![project],
        ..Organization::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_organization_has_the_default_project() {
        let deciding = |organizations, decided_by| {
            let account = Flow::CreateKey { organizations, decided_by }.account();
            let has_it = |one: &Organization| one.projects.iter().any(|project| project.is_initial);
            assert!(account.organizations[0].is_default);
            let all = account.organizations.iter().enumerate();
            all.filter(|(_, one)| has_it(one)).map(|(number, _)| number).collect::<Vec<_>>()
        };
        assert_eq!(deciding(1, Deciding::First), [0]);
        assert_eq!(deciding(1, Deciding::Last), [0]);
        assert_eq!(deciding(20, Deciding::First), [0]);
        assert_eq!(deciding(20, Deciding::Last), [19]);
    }
}
