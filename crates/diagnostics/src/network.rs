use std::time::Duration;

use http_client::{BaseUrl, CaCertificates, HttpClient, Options, Proxy, SetupError};
use tokio::time::Instant;

use crate::deadline::{spawn_blocking_check, within};
use crate::status::Status;

/// The network configuration.
#[derive(Debug)]
pub enum NetworkFinding {
    /// The certificate authorities that are trusted.
    Trusted {
        /// The ones that replace the certificates of the system; empty if the system's are trusted.
        system: Vec<CaCertificates>,
        /// Additional ones.
        extra: Option<CaCertificates>,
    },
    /// The proxy, if there is one.
    Proxy(Option<Proxy>),
    /// A setting that cannot be used.
    Unusable(SetupError),
    /// Reading the certificate authorities takes too long.
    TimedOut,
}

/// Checks the configuration. Returns a client if the configuration is usable for these servers.
pub(crate) async fn check(
    options: Options,
    servers: [&BaseUrl; 2],
    deadline: Instant,
) -> (Vec<(Status, NetworkFinding)>, Option<HttpClient>) {
    let http = HttpClient::new(quick(options.clone()));
    let checked = http.clone();
    let is_https = servers.iter().any(|server| server.as_str().starts_with("https:"));
    let outcome = move || if is_https { checked.check_ca_certificates() } else { checked.check() };
    // A CA file may be on a disk that does not respond.
    let settings = spawn_blocking_check(move || settings(options, outcome()));
    let timed_out = || (Status::Problem, NetworkFinding::TimedOut);
    let found = within(settings, deadline, timed_out).await;
    let is_usable = found.iter().all(|(status, _)| *status != Status::Problem);
    (found, is_usable.then_some(http))
}

/// Shorter timeouts: the steps of a connection run one after the other, and all have to end before the deadline.
fn quick(options: Options) -> Options {
    let connect_timeout = Duration::from_secs(3);
    Options { connect_timeout, timeout: Duration::from_secs(4), ..options }
}

fn settings(options: Options, outcome: Result<(), SetupError>) -> Vec<(Status, NetworkFinding)> {
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
    findings.map(with_status).into()
}

fn with_status(finding: NetworkFinding) -> (Status, NetworkFinding) {
    let is_unusable = matches!(finding, NetworkFinding::Unusable(_));
    (if is_unusable { Status::Problem } else { Status::Ok }, finding)
}
