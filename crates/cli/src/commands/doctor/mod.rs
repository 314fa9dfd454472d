//! `login-cli doctor`: what would keep a sign-in from working, and what helps. It changes nothing,
//! and sends nothing that is secret.

mod browser;
mod check;
mod clock;
mod names;
mod network;
mod ports;
mod report;
mod store;
mod surroundings;

use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout_at};

use crate::accounts::Accounts;
use crate::args::SharedArgs;
use crate::environment;
use crate::failure::Failure;
use crate::output;
use crate::setup::{Setup, USER_AGENT};
use check::{Check, Verdict};
use report::Layout;

/// How long all of it may take, whatever hangs.
const LIMIT: Duration = Duration::from_secs(11);

/// `login-cli doctor`. Everything is under way at once, and shown in its order, as soon as it is known.
pub(crate) async fn run(shared: &SharedArgs, setup: &Setup) -> Result<(), Failure> {
    let deadline = Instant::now() + LIMIT;
    let store = Accounts::chosen(shared)?.store();
    let here = environment::host();
    let there = here.clone();

    let store = aside(move || store::checks(&store, environment::now()));
    let names = aside(names::checks);
    let browser = aside(move || browser::checks(&there));
    let (ports, port) = ports::checks();

    let options = setup.http_options(USER_AGENT);
    let servers = network::checks(options, &shared.issuer, &shared.api_base, deadline);

    let mut report = Report { shared, setup, checks: Vec::new() };
    let near = async {
        report.add(in_time(store, deadline, store::late).await)?;
        report.add(ports)?;
        report.add(in_time(names, deadline, names::late).await)?;
        report.add(in_time(browser, deadline, browser::late).await)?;
        report.add(surroundings::checks(&here, port))
    };
    let ((), servers) = tokio::try_join!(near, async { Ok(servers.await) })?;
    report.add(servers)?;
    report.end()
}

/// What may block, or hang, is done on a thread that can be left behind.
fn aside(look: impl FnOnce() -> Vec<Check> + Send + 'static) -> JoinHandle<Vec<Check>> {
    let look: Box<dyn FnOnce() -> Vec<Check> + Send> = Box::new(look);
    spawn_blocking(look)
}

async fn in_time(
    checks: JoinHandle<Vec<Check>>,
    deadline: Instant,
    late: fn() -> Check,
) -> Vec<Check> {
    match timeout_at(deadline, checks).await {
        Ok(Ok(checks)) => checks,
        _ => vec![late()],
    }
}

/// What is known so far.
struct Report<'a> {
    shared: &'a SharedArgs,
    setup: &'a Setup,
    checks: Vec<Check>,
}

impl Report<'_> {
    /// People see it at once.
    fn add(&mut self, mut checks: Vec<Check>) -> Result<(), Failure> {
        self.show(&Layout::of(output::columns()).table(&checks, &self.shared.command_prefix()))?;
        self.checks.append(&mut checks);
        Ok(())
    }

    fn show(&self, text: &str) -> Result<(), Failure> {
        self.setup.output.styled(text).map_err(Failure::Output)
    }

    fn end(self) -> Result<(), Failure> {
        let problems = report::count(&self.checks, Verdict::Problem);
        let failure = (problems > 0).then_some(Failure::Problems(problems));
        let error = || failure.as_ref().map(|failure| failure.document(self.setup));
        let document = || report::document(&self.checks, &self.shared.command_prefix(), error());
        self.setup.output.document(document).map_err(Failure::Output)?;
        self.show(&report::summary(&self.checks))?;
        failure.map_or(Ok(()), Err)
    }
}
