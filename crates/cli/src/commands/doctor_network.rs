//! The sentences of `doctor` about the network and the servers.

use std::net::{IpAddr, SocketAddr};

use diagnostics::{NetworkFinding, Step};
use http_client::{CaCertificates, SetupError};

use super::doctor_report::Row;
use crate::error::{CliError, chain, network, variant_name};

pub(super) fn configuration(finding: NetworkFinding) -> Row {
    match finding {
        NetworkFinding::Trusted { system, extra } => {
            Row::new("authority", certificates(&system, extra.as_ref()))
        }
        NetworkFinding::Proxy(proxy) => {
            let host =
                proxy.and_then(|it| Some(format!("{} ({})", it.host().ok()?, it.named_by())));
            Row::new("proxy", host.unwrap_or_else(|| "none".to_owned()))
        }
        NetworkFinding::Unusable(error) => {
            let is_proxy = matches!(error, SetupError::Proxy { .. });
            Row::failed(if is_proxy { "proxy" } else { "authority" }, CliError::Setup(error))
        }
        NetworkFinding::TimedOut => Row::new(
            "authority",
            "the CA certificates cannot be read in time",
        )
        .remedy(
            "check the files in --ca-file, CODEX_CA_CERTIFICATE, SSL_CERT_FILE and SSL_CERT_DIR",
        ),
    }
}

/// `this system's, and /etc/corporate.pem (--ca-file)`.
fn certificates(system: &[CaCertificates], extra: Option<&CaCertificates>) -> String {
    let named = |it: &CaCertificates| format!("{} ({})", it.path().display(), it.named_by);
    let mut all: Vec<String> = system.iter().map(named).collect();
    if all.is_empty() {
        all.push("this system's".to_owned());
    }
    all.extend(extra.map(named));
    all.join(", and ")
}

/// A server that only `create-key` needs.
pub(super) fn api(step: Step) -> Row {
    let is_end = matches!(step, Step::TimedOut | Step::Failed { .. });
    let row = server(step);
    if is_end { row.adding("; create-key needs it") } else { row }
}

pub(super) fn server(step: Step) -> Row {
    match step {
        Step::Resolved { host, proxy, addresses } => {
            Row::new("dns", resolved(&host, proxy.as_deref(), &addresses))
        }
        Step::Connected(took) => Row::new("tcp", format!("connected in {} ms", took.as_millis())),
        Step::Trusted => Row::new("tls", "the certificate is trusted"),
        Step::Responded { status, is_page } => {
            Row::new("http", format!("HTTP {status}{}", if is_page { ", a web page" } else { "" }))
        }
        Step::Blocked(status) => {
            Row::new("http", format!("HTTP {status}: a firewall or proxy may block the request"))
                .remedy("try another network, or ask the administrator of this one to allow it")
        }
        Step::ServerError(status) => {
            Row::new("http", format!("HTTP {status}: the server has a problem"))
                .remedy("try again later")
        }
        Step::TimedOut => Row::new("connection", "no response in time"),
        Step::Failed { stage, error } => {
            let row = Row::new(variant_name(&stage), chain(&error));
            row.only_remedy(network::hint(&error))
        }
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
        None if is_address(host) => format!("{host} is an IP address"),
        None => format!("{host} is {first}{more}"),
        Some(proxy) => format!("{host} is behind the proxy {proxy}, which is {first}{more}"),
    }
}

/// With or without a port.
fn is_address(host: &str) -> bool {
    host.parse::<SocketAddr>().is_ok() || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_resolved(host: &str, address: &str, found: &str) {
        assert_eq!(resolved(host, None, &[address.parse().unwrap()]), found);
    }

    #[test]
    fn host_name_is_shown_with_its_address() {
        assert_resolved("10.0.0.1", "10.0.0.1:443", "10.0.0.1 is an IP address");
        let ipv6 = "[2001:db8::1]:8";
        assert_resolved(ipv6, "[2001:db8::1]:8", "[2001:db8::1]:8 is an IP address");
        assert_resolved("[2001:db8::1]", ipv6, "[2001:db8::1] is an IP address");
        assert_resolved("10.0.0.1.test", "10.0.0.1:443", "10.0.0.1.test is 10.0.0.1");
    }
}
