//! The way to the servers: the proxy, the certificate authorities, and then every step to the issuer
//! and to the API. They are asked for their front page, without any credential.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http_client::{
    Answer, Authorities, BaseUrl, Error, HttpClient, Options, Phase, Probe, SetupError,
};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::check::{Check, Verdict};
use super::clock::{self, Reading};
use super::{aside, in_time};
use crate::environment;
use crate::failure::{Failure, chain, network_advice};

const AREA: &str = "network";

/// A server, and what does not work without it.
struct Server<'a> {
    area: &'static str,
    base: &'a BaseUrl,
    /// Where that is no sign-in.
    needed_by: Option<&'static str>,
}

/// How far the way to a server led, and when that was known.
struct Seen {
    /// `None` when that was not known in time.
    probe: Option<Result<Probe, Error>>,
    ours: Timestamp,
}

/// Both servers are asked side by side.
pub(super) async fn checks(
    options: Options,
    issuer: &BaseUrl,
    api: &BaseUrl,
    deadline: Instant,
) -> Vec<Check> {
    let http = HttpClient::new(quick(options.clone()));
    let asked = http.clone();
    // A file may be a pipe that nobody writes to.
    let settings = aside(move || settings(&options, asked.check()));
    let mut checks = in_time(settings, deadline, late).await;
    if checks.iter().any(|check| check.verdict == Verdict::Problem) {
        return checks;
    }
    let issuer = Server { area: "issuer", base: issuer, needed_by: None };
    let api = Server { area: "api", base: api, needed_by: Some("create-key") };
    checks.extend(ask(&http, &issuer, &api, deadline).await);
    checks
}

/// What is known of one server does not depend on the other.
async fn ask(
    http: &HttpClient,
    issuer: &Server<'_>,
    api: &Server<'_>,
    deadline: Instant,
) -> Vec<Check> {
    let (to_issuer, to_api) =
        tokio::join!(visit(http, issuer, deadline), visit(http, api, deadline));
    let readings = [reading(issuer, &to_issuer), reading(api, &to_api)];
    let mut checks = issuer.way(to_issuer);
    checks.extend(api.way(to_api));
    checks.push(clock::check(readings.iter().flatten().next()));
    checks
}

/// The steps come one after the other, and all of them together have to be done in time.
fn quick(options: Options) -> Options {
    let connect_timeout = Duration::from_secs(3);
    Options { connect_timeout, timeout: Duration::from_secs(4), ..options }
}

fn late() -> Check {
    Check::new(AREA, "authority", Verdict::Problem, "the certificate authorities cannot be read")
        .remedy("look at what --ca-file, CODEX_CA_CERTIFICATE, SSL_CERT_FILE and SSL_CERT_DIR name")
}

/// What a person has chosen, which is looked at before any server is asked.
fn settings(options: &Options, outcome: Result<(), SetupError>) -> Vec<Check> {
    let authority = Check::new(AREA, "authority", Verdict::Good, authorities(options));
    let proxy = match options.proxy.as_ref().map(|proxy| (proxy.named_by(), proxy.host())) {
        Some((name, Ok(host))) => format!("{host} ({name})"),
        _ => "none".to_owned(),
    };
    let proxy = Check::new(AREA, "proxy", Verdict::Good, proxy);
    let failed = |name, error| Check::failed(AREA, name, Verdict::Problem, Failure::Setup(error));
    match outcome {
        Ok(()) => vec![authority, proxy],
        Err(error @ SetupError::Proxy { .. }) => vec![authority, failed("proxy", error)],
        Err(error) => vec![failed("authority", error), proxy],
    }
}

/// `this system's, and /etc/corporate.pem (--ca-file)`.
fn authorities(options: &Options) -> String {
    let named = |it: &Authorities| format!("{} ({})", it.path().display(), it.named_by);
    let mut all: Vec<String> = options.system_authorities.iter().map(named).collect();
    if all.is_empty() {
        all.push("this system's".to_owned());
    }
    all.extend(options.extra_authorities.iter().map(named));
    all.join(", and ")
}

async fn visit(http: &HttpClient, server: &Server<'_>, deadline: Instant) -> Seen {
    let probe = timeout_at(deadline, http.probe(server.base)).await.ok();
    Seen { probe, ours: environment::now() }
}

fn reading(server: &Server<'_>, seen: &Seen) -> Option<Reading> {
    let answer = seen.probe.as_ref()?.as_ref().ok()?.answered.as_ref()?.as_ref().ok()?;
    let theirs = answer.date().and_then(|date| Timestamp::try_from(date).ok());
    Some(Reading { host: server.base.host().to_owned(), theirs, ours: seen.ours })
}

impl Server<'_> {
    /// One line for every step, as far as the way led.
    fn way(&self, seen: Seen) -> Vec<Check> {
        let probe = match seen.probe {
            Some(Ok(probe)) => probe,
            Some(Err(error)) => return vec![self.failed("way", &error)],
            None => return vec![self.at_fault("way", "it does not answer in time".to_owned())],
        };
        let found = |all: Vec<SocketAddr>| self.address(probe.proxy.as_deref(), &all);
        let mut checks = vec![self.step("dns", probe.addresses.map(found))];
        let connected = |took: Duration| format!("connected in {} ms", took.as_millis());
        checks.extend(probe.connected.map(|took| self.step("tcp", took.map(connected))));
        match probe.answered {
            Some(Ok(answer)) => checks.extend(self.answered(&answer)),
            Some(Err(error)) => checks.push(self.failed(last_step(&error), &error)),
            None => {}
        }
        checks
    }

    fn step(&self, name: &'static str, outcome: Result<String, Error>) -> Check {
        match outcome {
            Ok(found) => self.check(name, Verdict::Good, found),
            Err(error) => self.failed(name, &error),
        }
    }

    /// `auth.openai.com is 104.18.41.158 and 1 more`.
    fn address(&self, proxy: Option<&str>, all: &[SocketAddr]) -> String {
        let host = self.base.host();
        let more = match all.len() {
            0 | 1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let own = own_address(self.base);
        let first = all.first().map(SocketAddr::ip);
        let is_own = first.is_some() && first == own;
        let first = first.map(|first| first.to_string()).unwrap_or_default();
        match proxy {
            None if is_own => format!("{host} is an address already"),
            None => format!("{host} is {first}{more}"),
            Some(proxy) => format!("{host} is reached through {proxy}, which is {first}{more}"),
        }
    }

    /// Whatever the status is, the server was reached; it may have been somebody else who answered.
    fn answered(&self, answer: &Answer) -> Vec<Check> {
        let is_tls = self.base.as_str().starts_with("https:");
        let tls = is_tls.then(|| self.check("tls", Verdict::Good, "its certificate is trusted"));
        tls.into_iter().chain([self.status(answer)]).collect()
    }

    fn status(&self, answer: &Answer) -> Check {
        let status = answer.status();
        let is_page = answer.content_type().is_some_and(|kind| kind.starts_with("text/html"));
        let check = |verdict, words| self.check("http", verdict, format!("HTTP {status}{words}"));
        match status {
            403 | 451 | 511 => check(Verdict::Warning, ": something on the way may be blocking")
                .remedy("try another network, or ask whoever runs this one to let it through"),
            500.. => {
                check(Verdict::Warning, ": the server has a problem").remedy("try again later")
            }
            _ => check(Verdict::Good, if is_page { ", a web page" } else { "" }),
        }
    }

    fn failed(&self, name: &'static str, error: &Error) -> Check {
        let name = if matches!(error, Error::Proxy { .. }) { "proxy" } else { name };
        network_advice(error).into_iter().fold(self.at_fault(name, chain(error)), Check::remedy)
    }

    fn at_fault(&self, name: &'static str, found: String) -> Check {
        match self.needed_by {
            None => self.check(name, Verdict::Problem, found),
            Some(command) => {
                self.check(name, Verdict::Warning, format!("{found}; {command} needs it"))
            }
        }
    }

    fn check(&self, name: &'static str, verdict: Verdict, found: impl Into<String>) -> Check {
        Check::new(self.area, name, verdict, found)
    }
}

/// The step that failed, after a connection could be made.
fn last_step(error: &Error) -> &'static str {
    match error {
        Error::Tls { .. } | Error::Setup { .. } => "tls",
        Error::Timeout { phase: Phase::Connecting, .. } => "tls",
        _ => "http",
    }
}

/// The address that is written in the URL, where it is no name.
fn own_address(base: &BaseUrl) -> Option<IpAddr> {
    match Url::parse(base.as_str()).ok()?.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> BaseUrl {
        url.parse().unwrap()
    }

    #[test]
    fn a_name_that_has_an_address_in_it_is_a_name() {
        let found = |url: &str, address: &str| {
            let base = base(url);
            let server = Server { area: "issuer", base: &base, needed_by: None };
            server.address(None, &[format!("{address}:443").parse().unwrap()])
        };
        let already = "is an address already";
        assert_eq!(found("https://10.0.0.1", "10.0.0.1"), format!("10.0.0.1 {already}"));
        assert_eq!(
            found("https://[2001:db8::1]:8", "[2001:db8::1]"),
            format!("[2001:db8::1]:8 {already}")
        );
        assert_eq!(found("https://10.0.0.1.test", "10.0.0.1"), "10.0.0.1.test is 10.0.0.1");
        assert_eq!(found("https://10.0.0.12", "10.0.0.1"), "10.0.0.12 is 10.0.0.1");
    }

    /// The time is over before it begins: what the first look shows is known, and nothing more.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_is_known_of_one_server_stays_when_the_other_takes_too_long() {
        use std::net::{Ipv4Addr, TcpListener};

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let silent = base(&format!("http://{}", listener.local_addr().unwrap()));
        let dead = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let dead = base(&format!("http://{dead}"));
        let http = HttpClient::new(Options::new("test"));
        let issuer = Server { area: "issuer", base: &silent, needed_by: None };
        let api = Server { area: "api", base: &dead, needed_by: Some("create-key") };
        let checks = ask(&http, &issuer, &api, Instant::now()).await;
        let [way, dns, tcp, clock] = &checks[..] else { panic!("{checks:?}") };
        assert_eq!((way.area, way.name, way.verdict), ("issuer", "way", Verdict::Problem));
        assert_eq!(way.found, "it does not answer in time");
        assert_eq!((dns.area, dns.name, dns.verdict), ("api", "dns", Verdict::Good));
        assert_eq!((tcp.area, tcp.name, tcp.verdict), ("api", "tcp", Verdict::Warning));
        assert!(tcp.found.ends_with("; create-key needs it"), "{}", tcp.found);
        assert_eq!(clock.verdict, Verdict::Note);
    }
}
