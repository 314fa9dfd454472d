//! The way to the servers, and the clock, in words.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use diagnostics::{ClockFinding, NetworkFinding, Server, ServerFinding, Stage, Status, Step};
use http_client::{CaCertificates, Error, SetupError};
use terminal_ui::roughly;

use super::row::Text;
use crate::failure::{Failure, chain, network_advice};

pub(super) fn settings(finding: NetworkFinding) -> Text {
    match finding {
        NetworkFinding::Trusted { system, extra } => {
            Text::new("authority", authorities(&system, extra.as_ref()))
        }
        NetworkFinding::Proxy(proxy) => {
            let host =
                proxy.and_then(|it| Some(format!("{} ({})", it.host().ok()?, it.named_by())));
            Text::new("proxy", host.unwrap_or_else(|| "none".to_owned()))
        }
        NetworkFinding::Unusable(error @ SetupError::Proxy { .. }) => {
            Text::failed("proxy", Failure::Setup(error))
        }
        NetworkFinding::Unusable(error) => Text::failed("authority", Failure::Setup(error)),
        NetworkFinding::TimedOut => {
            Text::new("authority", "the certificate authorities cannot be read").remedy(
                "look at what --ca-file, CODEX_CA_CERTIFICATE, SSL_CERT_FILE and SSL_CERT_DIR name",
            )
        }
    }
}

/// `this system's, and /etc/corporate.pem (--ca-file)`.
fn authorities(system: &[CaCertificates], extra: Option<&CaCertificates>) -> String {
    let named = |it: &CaCertificates| format!("{} ({})", it.path().display(), it.named_by);
    let mut all: Vec<String> = system.iter().map(named).collect();
    if all.is_empty() {
        all.push("this system's".to_owned());
    }
    all.extend(extra.map(named));
    all.join(", and ")
}

/// With its area.
pub(super) fn server(ServerFinding { server, step }: ServerFinding) -> (&'static str, Text) {
    let ended = matches!(step, Step::TimedOut | Step::Failed { .. });
    let text = way(step);
    match server {
        Server::Issuer => ("issuer", text),
        Server::Api if ended => {
            ("api", Text { found: format!("{}; create-key needs it", text.found), ..text })
        }
        Server::Api => ("api", text),
    }
}

fn way(step: Step) -> Text {
    match step {
        Step::Resolved { host, proxy, addresses } => {
            Text::new("dns", resolved(&host, proxy.as_deref(), &addresses))
        }
        Step::Connected(took) => Text::new("tcp", format!("connected in {} ms", took.as_millis())),
        Step::Trusted => Text::new("tls", "its certificate is trusted"),
        Step::Responded { status, is_page } => {
            Text::new("http", format!("HTTP {status}{}", if is_page { ", a web page" } else { "" }))
        }
        Step::Blocked(status) => {
            Text::new("http", format!("HTTP {status}: something on the way may be blocking"))
                .remedy("try another network, or ask whoever runs this one to let it through")
        }
        Step::ServerError(status) => {
            Text::new("http", format!("HTTP {status}: the server has a problem"))
                .remedy("try again later")
        }
        Step::TimedOut => Text::new("way", "it does not answer in time"),
        Step::Failed { stage, error } => failed(stage, &error),
    }
}

/// `auth.openai.com is 104.18.41.158 and 1 more`.
fn resolved(host: &str, proxy: Option<&str>, addresses: &[SocketAddr]) -> String {
    let more = match addresses.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let first = addresses.first().map(|first| first.ip().to_string()).unwrap_or_default();
    match proxy {
        None if is_address(host) => format!("{host} is an address already"),
        None => format!("{host} is {first}{more}"),
        Some(proxy) => format!("{host} is reached through {proxy}, which is {first}{more}"),
    }
}

/// Whether it is no name, with a port or without.
fn is_address(host: &str) -> bool {
    host.parse::<SocketAddr>().is_ok() || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

fn failed(stage: Stage, error: &Error) -> Text {
    let name = match stage {
        Stage::Setup => "way",
        Stage::Dns => "dns",
        Stage::Tcp => "tcp",
        Stage::Proxy => "proxy",
        Stage::Tls => "tls",
        Stage::Http => "http",
    };
    network_advice(error).into_iter().fold(Text::new(name, chain(error)), Text::remedy)
}

const SET_CLOCK: &str = if cfg!(target_os = "linux") {
    "set the clock, for example with: sudo timedatectl set-ntp true"
} else {
    "set the clock, or have the system set it"
};

pub(super) fn clock(finding: &ClockFinding, status: Status) -> Text {
    let found = match finding {
        ClockFinding::NoServer => "no server could be asked for the time".to_owned(),
        ClockFinding::NoDate { host } => format!("{host} does not say what time it is"),
        ClockFinding::Offset { host, ahead } => {
            let side = if ahead.is_negative() { "behind" } else { "ahead of" };
            // The server says it in whole seconds.
            let offset = Some(ahead.unsigned_abs()).filter(|it| *it >= Duration::from_secs(2));
            match offset.and_then(roughly) {
                Some(words) => format!("{words} {side} {host}"),
                None => format!("as {host} has it"),
            }
        }
    };
    let text = Text::new("time", found);
    if status >= Status::Warning { text.remedy(SET_CLOCK) } else { text }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[track_caller]
    fn assert_resolved(host: &str, address: &str, found: &str) {
        assert_eq!(resolved(host, None, &[address.parse().unwrap()]), found);
    }

    #[test]
    fn a_name_that_has_an_address_in_it_is_a_name() {
        assert_resolved("10.0.0.1", "10.0.0.1:443", "10.0.0.1 is an address already");
        let ipv6 = "[2001:db8::1]:8";
        assert_resolved(ipv6, "[2001:db8::1]:8", "[2001:db8::1]:8 is an address already");
        assert_resolved("[2001:db8::1]", ipv6, "[2001:db8::1] is an address already");
        assert_resolved("10.0.0.1.test", "10.0.0.1:443", "10.0.0.1.test is 10.0.0.1");
    }

    #[track_caller]
    fn assert_clock(ahead_seconds: i64, found: &str) {
        let ahead = SignedDuration::from_millis(ahead_seconds * 1000 + 900);
        let finding = ClockFinding::Offset { host: "auth.test".to_owned(), ahead };
        assert_eq!(clock(&finding, Status::Ok).found, found);
    }

    #[test]
    fn a_clock_is_compared_in_rough_words() {
        assert_clock(1, "as auth.test has it");
        assert_clock(-61, "1 minute behind auth.test");
        assert_clock(300, "5 minutes ahead of auth.test");
        assert_clock(-10 * 365 * 86_400, "3649 days behind auth.test");
    }
}
