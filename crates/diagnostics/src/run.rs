use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use auth_store::{AuthDocument, AuthStore};
use http_client::BaseUrl;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::check::{Check, Finding, checks};
use crate::deadline::{spawn_blocking_check, within};
use crate::host::Host;
use crate::ports::Ports;
use crate::{browser, localhost, network, ports, server, session, store};

/// What to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// The store of the sign-in.
    pub store: AuthStore,
    /// The ports of the redirect URIs.
    pub ports: Ports,
    /// The options of the HTTP client. The checks use shorter timeouts.
    pub http: http_client::Options,
    /// The issuer.
    pub issuer: BaseUrl,
    /// The API. A sign-in works without it.
    pub api_base: BaseUrl,
    /// Looks up an environment variable. An empty one counts as unset.
    pub variable: fn(&str) -> Option<OsString>,
    /// The folders in `PATH`.
    pub path: Vec<PathBuf>,
    /// Whether a program can open the default browser. It may block.
    pub can_open_browser: fn() -> bool,
    /// Whether a stored sign-in has expired and cannot be refreshed.
    pub has_ended: fn(&AuthDocument, Timestamp) -> bool,
    /// The clock.
    pub now: fn() -> Timestamp,
    /// The timeout of all checks together.
    pub timeout: Duration,
}

/// Runs all checks concurrently, and reports them in a fixed order, each group as soon as it is complete. At the
/// timeout, a check that has not ended is reported as timed out.
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

    let store = spawn_blocking_check(move || {
        store::check(&options.store, &variable, |it| (options.has_ended)(it, now()))
    });
    let localhost = spawn_blocking_check(localhost::check);
    let browser = spawn_blocking_check(move || {
        vec![browser::check(&browser_host, &options.path, options.can_open_browser)]
    });
    let (ports, port) = ports::check(ports);

    let local = async {
        let found = within(store, deadline, store::timed_out).await;
        report(checks(found, Finding::Store))?;
        report(checks(ports, Finding::Port))?;
        let found = within(localhost, deadline, localhost::timed_out).await;
        report(checks(found, Finding::Localhost))?;
        let found = within(browser, deadline, browser::timed_out).await;
        report(checks(found, Finding::Browser))?;
        report(checks(session::check(&host, port), Finding::Session))
    };
    let servers = servers(http, &issuer, &api_base, now, deadline);
    let ((), servers) = tokio::try_join!(local, async { Ok(servers.await) })?;
    report(servers)
}

/// Checks the network configuration, then the connections to both servers, and the clock. Without a usable
/// configuration, there are no requests.
async fn servers(
    http: http_client::Options,
    issuer: &BaseUrl,
    api_base: &BaseUrl,
    now: fn() -> Timestamp,
    deadline: Instant,
) -> Vec<Check> {
    let (settings, http) = network::check(http, [issuer, api_base], deadline).await;
    let mut all = checks(settings, Finding::Network);
    if let Some(http) = http {
        let (steps, clock) = server::check(&http, issuer, api_base, now, deadline).await;
        all.extend(checks(steps, Finding::Server));
        all.extend(checks(vec![clock], Finding::Clock));
    }
    all
}
