use std::time::Duration;

use http_client::{BaseUrl, CaCertificates, HttpClient, Options, Proxy, SetupError};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::check::{Check, Finding, Status};
use crate::run::{on_thread, within};
use crate::server;

/// What the person has configured for the network.
#[derive(Debug)]
pub enum NetworkFinding {
    /// The certificate authorities that are trusted.
    Trusted {
        /// Those that take the place of the system's; none if the system's are trusted.
        system: Vec<CaCertificates>,
        /// Those that are trusted beside them.
        extra: Option<CaCertificates>,
    },
    /// The proxy, if there is one.
    Proxy(Option<Proxy>),
    /// What cannot be used.
    Unusable(SetupError),
    /// The certificate authorities cannot be read in time.
    TimedOut,
}

/// The configuration, then the way to both servers, and the clock. No server is asked with a
/// configuration that cannot be used.
pub(crate) async fn check(
    options: Options,
    issuer: &BaseUrl,
    api_base: &BaseUrl,
    now: fn() -> Timestamp,
    deadline: Instant,
) -> Vec<Check> {
    let http = HttpClient::new(quick(options.clone()));
    let checked = http.clone();
    // A file of authorities may be on a disk that does not answer.
    let settings = on_thread(move || settings(options, checked.check()));
    let mut checks = within(settings, deadline, timed_out).await;
    if checks.iter().all(|check| check.status != Status::Problem) {
        checks.extend(server::check(&http, issuer, api_base, now, deadline).await);
    }
    checks
}

/// The steps to a server come one after the other, and all of them have to end in time.
fn quick(options: Options) -> Options {
    let connect_timeout = Duration::from_secs(3);
    Options { connect_timeout, timeout: Duration::from_secs(4), ..options }
}

fn timed_out() -> Check {
    new(NetworkFinding::TimedOut)
}

fn settings(options: Options, outcome: Result<(), SetupError>) -> Vec<Check> {
    let trusted = NetworkFinding::Trusted {
        system: options.system_ca_certificates,
        extra: options.extra_ca_certificates,
    };
    let proxy = NetworkFinding::Proxy(options.proxy);
    let findings = match outcome {
        Ok(()) => [trusted, proxy],
        Err(error @ SetupError::Proxy { .. }) => [trusted, NetworkFinding::Unusable(error)],
        Err(error) => [NetworkFinding::Unusable(error), proxy],
    };
    findings.map(new).into()
}

fn new(finding: NetworkFinding) -> Check {
    let status = match finding {
        NetworkFinding::Trusted { .. } | NetworkFinding::Proxy(_) => Status::Ok,
        NetworkFinding::Unusable(_) | NetworkFinding::TimedOut => Status::Problem,
    };
    Check::new(status, Finding::Network(finding))
}
