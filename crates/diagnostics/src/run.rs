use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use auth_store::{AuthDocument, AuthStore};
use http_client::BaseUrl;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::check::{Check, Finding, checks};
use crate::deadline::{on_thread, within};
use crate::host::Host;
use crate::ports::Ports;
use crate::{browser, localhost, network, ports, server, session, store};

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

/// The configuration, then the way to both servers, and the clock. No server is asked with a
/// configuration that cannot be used.
async fn servers(
    http: http_client::Options,
    issuer: &BaseUrl,
    api_base: &BaseUrl,
    now: fn() -> Timestamp,
    deadline: Instant,
) -> Vec<Check> {
    let (settings, http) = network::check(http, deadline).await;
    let mut all = checks(settings, Finding::Network);
    if let Some(http) = http {
        let (steps, clock) = server::check(&http, issuer, api_base, now, deadline).await;
        all.extend(checks(steps, Finding::Server));
        all.extend(checks(vec![clock], Finding::Clock));
    }
    all
}
