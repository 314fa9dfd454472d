use std::net::SocketAddr;
use std::time::Duration;

use http_client::{BaseUrl, Error, HttpClient, Phase, Probe, Response};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::clock::{self, ClockFinding, ClockReading};
use crate::status::Status;

/// A step on the way to a server. The server is asked for its front page, without any credential.
#[derive(Debug)]
pub struct ServerFinding {
    /// Which server.
    pub server: Server,
    /// How the step went.
    pub step: Step,
}

/// The servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The issuer, without which there is no sign-in.
    Issuer,
    /// The API, without which there is no new API key.
    Api,
}

/// A step on the way to a server.
#[derive(Debug)]
pub enum Step {
    /// Its name, or the name of the proxy, has addresses.
    Resolved {
        /// The host of the server, with its port unless that is the scheme's.
        host: String,
        /// The proxy that the way leads through.
        proxy: Option<String>,
        /// The addresses.
        addresses: Vec<SocketAddr>,
    },
    /// A connection was made, which took so long.
    Connected(Duration),
    /// Its certificate is trusted.
    Trusted,
    /// It, or something on the way, has answered with this status.
    Responded {
        /// The status.
        status: u16,
        /// Whether the answer is a web page.
        is_page: bool,
    },
    /// Something on the way seems to block requests, by this status.
    Blocked(u16),
    /// The server has a problem, by this status.
    ServerError(u16),
    /// The way led no further in time.
    TimedOut,
    /// The way ended here.
    Failed {
        /// What was tried.
        stage: Stage,
        /// Why it failed.
        error: Error,
    },
}

/// What is tried on the way to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To begin.
    Setup,
    /// To look up a name.
    Dns,
    /// To connect.
    Tcp,
    /// To get through the proxy.
    Proxy,
    /// To agree on TLS.
    Tls,
    /// To ask for the front page.
    Http,
}

/// How far the way to a server led, and when that was known.
struct Visit {
    /// `None` when it was not known in time.
    probe: Option<Result<Probe, Error>>,
    at: Timestamp,
}

/// Asks both servers side by side, and compares the clock with theirs. What is known of one server
/// does not depend on the other.
pub(crate) async fn check(
    http: &HttpClient,
    issuer: &BaseUrl,
    api_base: &BaseUrl,
    now: fn() -> Timestamp,
    deadline: Instant,
) -> (Vec<(Status, ServerFinding)>, (Status, ClockFinding)) {
    let visit =
        async |base| Visit { probe: timeout_at(deadline, http.probe(base)).await.ok(), at: now() };
    let (to_issuer, to_api) = tokio::join!(visit(issuer), visit(api_base));
    let reading = clock_reading(issuer, &to_issuer).or_else(|| clock_reading(api_base, &to_api));
    let ways = [(Server::Issuer, issuer, to_issuer), (Server::Api, api_base, to_api)];
    let steps = ways.into_iter().flat_map(|(server, base, visit)| {
        steps(base, visit).into_iter().map(move |step| ServerFinding { server, step })
    });
    (steps.map(|it| (it.status(), it)).collect(), clock::check(reading))
}

fn clock_reading(base: &BaseUrl, visit: &Visit) -> Option<ClockReading> {
    let answer = visit.probe.as_ref()?.as_ref().ok()?.answered.as_ref()?.as_ref().ok()?;
    let server_time = answer.date().and_then(|date| Timestamp::try_from(date).ok());
    Some(ClockReading { host: base.host().to_owned(), server_time, local_time: visit.at })
}

fn steps(base: &BaseUrl, visit: Visit) -> Vec<Step> {
    let Probe { proxy, addresses, connected, answered, .. } = match visit.probe {
        Some(Ok(probe)) => probe,
        Some(Err(error)) => return vec![failed(Stage::Setup, error)],
        None => return vec![Step::TimedOut],
    };
    let host = base.host().to_owned();
    let resolved = |addresses| Step::Resolved { host, proxy, addresses };
    let mut steps = vec![addresses.map_or_else(|error| failed(Stage::Dns, error), resolved)];
    let connected =
        connected.map(|it| it.map_or_else(|error| failed(Stage::Tcp, error), Step::Connected));
    steps.extend(connected);
    match answered {
        Some(Ok(answer)) => {
            steps.extend(base.as_str().starts_with("https:").then_some(Step::Trusted));
            steps.push(responded(&answer));
        }
        Some(Err(error)) => steps.push(failed(last_stage(&error), error)),
        None => {}
    }
    steps
}

fn failed(stage: Stage, error: Error) -> Step {
    let stage = if matches!(error, Error::Proxy { .. }) { Stage::Proxy } else { stage };
    Step::Failed { stage, error }
}

/// What was tried when it failed, after a connection was made.
fn last_stage(error: &Error) -> Stage {
    match error {
        Error::Tls { .. } | Error::Setup { .. } => Stage::Tls,
        Error::Timeout { phase: Phase::Connecting, .. } => Stage::Tls,
        _ => Stage::Http,
    }
}

/// Whatever the status is, the server was reached, unless something on the way has answered.
fn responded(answer: &Response) -> Step {
    match answer.status() {
        status @ (403 | 451 | 511) => Step::Blocked(status),
        status @ 500.. => Step::ServerError(status),
        status => {
            let is_page = answer.content_type().is_some_and(|kind| kind.starts_with("text/html"));
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

    /// The time is over before it begins: the first attempt to connect ends, which Linux refuses at once,
    /// and no more.
    #[tokio::test]
    async fn what_is_known_of_one_server_stays_when_the_other_takes_too_long() {
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
