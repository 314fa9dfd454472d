use std::net::SocketAddr;
use std::time::Duration;

use http_client::{BaseUrl, Error, HttpClient, Phase, Probe, Response};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::clock::{self, ClockFinding, ClockReading};
use crate::status::Status;

/// A step of the connection to a server: a request for its front page, without credentials.
#[derive(Debug)]
pub struct ServerFinding {
    /// The server.
    pub server: Server,
    /// The step and its result.
    pub step: Step,
}

/// The servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The issuer. A sign-in needs it.
    Issuer,
    /// The API. Only a new API key needs it.
    Api,
}

/// A step of the connection to a server, and its result.
#[derive(Debug)]
pub enum Step {
    /// The name of the server, or of the proxy, has addresses.
    Resolved {
        /// The host of the server, with its port unless it is the default port.
        host: String,
        /// The proxy.
        proxy: Option<String>,
        /// The addresses.
        addresses: Vec<SocketAddr>,
    },
    /// Connected, after this time.
    Connected(Duration),
    /// Its certificate is trusted.
    Trusted,
    /// The server, or something in between, responded.
    Responded {
        /// The status.
        status: u16,
        /// Whether the response is an HTML page.
        is_page: bool,
    },
    /// Something in between seems to block requests, by this status.
    Blocked(u16),
    /// The server has a problem, by this status.
    ServerError(u16),
    /// The next step took too long.
    TimedOut,
    /// The connection failed.
    Failed {
        /// The stage that failed.
        stage: Stage,
        /// Why it failed.
        error: Error,
    },
}

/// A stage of the connection to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The settings of the connection.
    Connection,
    /// Name resolution.
    Dns,
    /// The TCP connection.
    Tcp,
    /// The tunnel of the proxy.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// The request for the front page.
    Http,
}

/// The result of a probe, and its time.
struct ProbeResult {
    /// `None` at the deadline.
    probe: Option<Result<Probe, Error>>,
    at: Timestamp,
}

/// Probes both servers concurrently, and compares the clock with theirs. A server that does not respond does not affect
/// the result of the other.
pub(crate) async fn check(
    http: &HttpClient,
    issuer: &BaseUrl,
    api_base: &BaseUrl,
    now: fn() -> Timestamp,
    deadline: Instant,
) -> (Vec<(Status, ServerFinding)>, (Status, ClockFinding)) {
    let probe_result = async |base| ProbeResult {
        probe: timeout_at(deadline, http.probe(base)).await.ok(),
        at: now(),
    };
    let (issuer_result, api_result) = tokio::join!(probe_result(issuer), probe_result(api_base));
    let reading =
        clock_reading(issuer, &issuer_result).or_else(|| clock_reading(api_base, &api_result));
    let probe_results =
        [(Server::Issuer, issuer, issuer_result), (Server::Api, api_base, api_result)];
    let steps = probe_results.into_iter().flat_map(|(server, base, probe_result)| {
        steps(base, probe_result).into_iter().map(move |step| ServerFinding { server, step })
    });
    (steps.map(|it| (it.status(), it)).collect(), clock::check(reading))
}

fn clock_reading(base: &BaseUrl, probe_result: &ProbeResult) -> Option<ClockReading> {
    let response = probe_result.probe.as_ref()?.as_ref().ok()?.response.as_ref()?.as_ref().ok()?;
    let server_time = response.date().and_then(|date| Timestamp::try_from(date).ok());
    Some(ClockReading { host: base.host().to_owned(), server_time, local_time: probe_result.at })
}

fn steps(base: &BaseUrl, probe_result: ProbeResult) -> Vec<Step> {
    let Probe { proxy, addresses, connected, response, .. } = match probe_result.probe {
        Some(Ok(probe)) => probe,
        Some(Err(error)) => return vec![failed(Stage::Connection, error)],
        None => return vec![Step::TimedOut],
    };
    let host = base.host().to_owned();
    let resolved = |addresses| Step::Resolved { host, proxy, addresses };
    let mut steps = vec![addresses.map_or_else(|error| failed(Stage::Dns, error), resolved)];
    let connected =
        connected.map(|it| it.map_or_else(|error| failed(Stage::Tcp, error), Step::Connected));
    steps.extend(connected);
    match response {
        Some(Ok(response)) => {
            steps.extend(base.as_str().starts_with("https:").then_some(Step::Trusted));
            steps.push(responded(&response));
        }
        Some(Err(error)) => steps.push(failed(stage_after_connect(&error), error)),
        None => {}
    }
    steps
}

fn failed(stage: Stage, error: Error) -> Step {
    let stage = if matches!(error, Error::Proxy { .. }) { Stage::Proxy } else { stage };
    Step::Failed { stage, error }
}

/// The stage of an error after the connection.
fn stage_after_connect(error: &Error) -> Stage {
    match error {
        Error::Tls { .. } | Error::Setup { .. } => Stage::Tls,
        Error::Timeout { phase: Phase::Connecting, .. } => Stage::Tls,
        _ => Stage::Http,
    }
}

/// Any other status means that the server was reached.
fn responded(response: &Response) -> Step {
    match response.status() {
        status @ (403 | 451 | 511) => Step::Blocked(status),
        status @ 500.. => Step::ServerError(status),
        status => {
            let is_page = response.content_type().is_some_and(|it| it.starts_with("text/html"));
            Step::Responded { status, is_page }
        }
    }
}

impl ServerFinding {
    fn status(&self) -> Status {
        match (&self.step, self.server) {
            (Step::TimedOut | Step::Failed { .. }, Server::Issuer) => Status::Problem,
            (Step::TimedOut | Step::Failed { .. }, Server::Api) => Status::Warning,
            (Step::Blocked(_) | Step::ServerError(_), _) => Status::Warning,
            _ => Status::Ok,
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use http_client::Options;

    use super::*;

    fn local(listener: &TcpListener) -> BaseUrl {
        format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()
    }

    /// The deadline is now: only the connection that Linux refuses at once has a result.
    #[tokio::test]
    async fn timeout_of_one_server_keeps_the_result_of_the_other() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let dead = local(&TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let http = HttpClient::new(Options::new("test"));
        let now = || Timestamp::UNIX_EPOCH;
        let (found, clock) = check(&http, &local(&listener), &dead, now, Instant::now()).await;
        let [issuer, dns, tcp] = &found[..] else { panic!("{found:?}") };
        let step = |(_, finding): &(Status, ServerFinding)| format!("{finding:?}");
        assert_eq!((issuer.0, dns.0, tcp.0), (Status::Problem, Status::Ok, Status::Warning));
        assert_eq!(step(issuer), "ServerFinding { server: Issuer, step: TimedOut }");
        assert!(step(dns).contains("server: Api, step: Resolved"), "{dns:?}");
        assert!(step(tcp).contains("server: Api, step: Failed { stage: Tcp"), "{tcp:?}");
        assert!(matches!(clock, (Status::Note, ClockFinding::NoServer)));
    }
}
