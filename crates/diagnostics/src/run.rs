use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use auth_store::{AuthDocument, AuthStore};
use http_client::BaseUrl;
use jiff::Timestamp;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout_at};

use crate::check::Check;
use crate::host::Host;
use crate::ports::Ports;
use crate::{browser, localhost, network, ports, session, store};

/// What to look at.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where a sign-in is stored.
    pub store: AuthStore,
    /// The ports that the browser comes back to.
    pub ports: Ports,
    /// The policy of the HTTP client. Its timeouts are shortened.
    pub http: http_client::Options,
    /// The issuer.
    pub issuer: BaseUrl,
    /// The API, which a sign-in can do without.
    pub api_base: BaseUrl,
    /// The environment. The empty text counts as unset.
    pub variable: fn(&str) -> Option<OsString>,
    /// The folders of programs, from `PATH`.
    pub path: Vec<PathBuf>,
    /// Whether there is a program that opens the default browser. It may block.
    pub can_open_browser: fn() -> bool,
    /// Whether a stored sign-in has expired, and cannot be refreshed.
    pub has_ended: fn(&AuthDocument, Timestamp) -> bool,
    /// The clock.
    pub now: fn() -> Timestamp,
    /// How long all checks together may take.
    pub timeout: Duration,
}

/// Runs all checks at once, and reports them in a fixed order, each group as soon as it is known.
/// Whatever still hangs at the end of the timeout is reported as such and left behind.
///
/// # Errors
///
/// The first error of `report`, which ends the run.
pub async fn run<E>(
    options: Options,
    mut report: impl FnMut(Vec<Check>) -> Result<(), E>,
) -> Result<(), E> {
    let deadline = Instant::now() + options.timeout;
    let Options { http, issuer, api_base, ports, variable, now, .. } = options;
    let host = Host::detect(&variable);
    let browser_host = host.clone();

    let store = on_thread(move || {
        store::check(&options.store, &variable, |it| (options.has_ended)(it, now()))
    });
    let localhost = on_thread(localhost::check);
    let browser = on_thread(move || {
        vec![browser::check(&browser_host, &options.path, options.can_open_browser)]
    });
    let (ports, port) = ports::check(ports);
    let servers = network::check(http, &issuer, &api_base, now, deadline);

    let local = async {
        report(within(store, deadline, store::timed_out).await)?;
        report(ports)?;
        report(within(localhost, deadline, localhost::timed_out).await)?;
        report(within(browser, deadline, browser::timed_out).await)?;
        report(session::check(&host, port))
    };
    let ((), servers) = tokio::try_join!(local, async { Ok(servers.await) })?;
    report(servers)
}

/// Runs what may block or hang on a thread that can be left behind.
pub(crate) fn on_thread(
    check: impl FnOnce() -> Vec<Check> + Send + 'static,
) -> JoinHandle<Vec<Check>> {
    // One type for all of them, so that the runtime's code for it is compiled once.
    let check: Box<dyn FnOnce() -> Vec<Check> + Send> = Box::new(check);
    spawn_blocking(check)
}

pub(crate) async fn within(
    checks: JoinHandle<Vec<Check>>,
    deadline: Instant,
    timed_out: fn() -> Check,
) -> Vec<Check> {
    match timeout_at(deadline, checks).await {
        Ok(Ok(checks)) => checks,
        _ => vec![timed_out()],
    }
}
