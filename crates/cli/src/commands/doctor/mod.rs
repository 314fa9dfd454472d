//! `login-cli doctor`: what would keep a sign-in from working, and what helps. It changes nothing,
//! and sends nothing that is secret.
//!
//! What is looked at, and what it means, is `diagnostics`; here are the words for it.

mod host;
mod network;
mod ports;
mod report;
mod row;
mod store;

use std::time::Duration;

use diagnostics::{Options, Ports, Status};
use login::openai::{CREATE_API_KEY_PORT, SIGN_IN_OTHER_PORT, SIGN_IN_PORT};
use login::{can_open_browser, stored};

use crate::accounts::Accounts;
use crate::args::SharedArgs;
use crate::environment;
use crate::failure::Failure;
use crate::output;
use crate::setup::{Setup, USER_AGENT};
use report::Layout;
use row::Row;

/// How long all checks together may take.
const TIMEOUT: Duration = Duration::from_secs(11);

const PORTS: Ports = Ports {
    sign_in: SIGN_IN_PORT,
    sign_in_fallback: SIGN_IN_OTHER_PORT,
    create_api_key: CREATE_API_KEY_PORT,
};

/// `login-cli doctor`.
pub(crate) async fn run(shared: &SharedArgs, setup: &Setup) -> Result<(), Failure> {
    let options = Options {
        store: Accounts::chosen(shared)?.store(),
        ports: PORTS,
        http: setup.http_options(USER_AGENT),
        issuer: shared.issuer.clone(),
        api_base: shared.api_base.clone(),
        variable: environment::variable,
        path: environment::path(),
        can_open_browser,
        has_ended: stored::has_ended,
        now: environment::now,
        timeout: TIMEOUT,
    };
    let mut report = Report { shared, setup, rows: Vec::new() };
    diagnostics::run(options, |checks| report.add(checks.into_iter().map(Row::from).collect()))
        .await?;
    report.end()
}

/// What is known so far.
struct Report<'a> {
    shared: &'a SharedArgs,
    setup: &'a Setup,
    rows: Vec<Row>,
}

impl Report<'_> {
    /// People see it at once.
    fn add(&mut self, mut rows: Vec<Row>) -> Result<(), Failure> {
        self.show(
            &Layout::for_width(output::columns()).table(&rows, &self.shared.command_prefix()),
        )?;
        self.rows.append(&mut rows);
        Ok(())
    }

    fn show(&self, text: &str) -> Result<(), Failure> {
        self.setup.output.styled(text).map_err(Failure::Output)
    }

    fn end(self) -> Result<(), Failure> {
        let problems = report::count(&self.rows, Status::Problem);
        let failure = (problems > 0).then_some(Failure::Problems(problems));
        let error = || failure.as_ref().map(|failure| failure.document(self.setup));
        let document = || report::document(&self.rows, &self.shared.command_prefix(), error());
        self.setup.output.document(document).map_err(Failure::Output)?;
        self.show(&report::summary(&self.rows))?;
        failure.map_or(Ok(()), Err)
    }
}
