use std::time::Duration;

use crate::ca_certificates::CaCertificates;
use crate::proxy::Proxy;

/// The configurable part of the policy.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `User-Agent` of every request: a constant of the program.
    pub user_agent: &'static str,
    /// CA certificates that are trusted in addition to the system's.
    pub extra_ca_certificates: Option<CaCertificates>,
    /// CA certificates that replace the system's, unless empty.
    pub system_ca_certificates: Vec<CaCertificates>,
    /// The proxy for all hosts except loopback.
    pub proxy: Option<Proxy>,
    /// The connect timeout: DNS, TCP and the TLS handshake.
    pub connect_timeout: Duration,
    /// The idle timeout between two chunks of a response.
    pub idle_timeout: Duration,
    /// The total timeout of a request, up to the last byte of the response.
    pub timeout: Duration,
}

impl Options {
    /// The default policy with this `User-Agent`: the system's CA certificates, no proxy, and
    /// timeouts for slow networks.
    #[must_use]
    pub fn new(user_agent: &'static str) -> Self {
        Self {
            user_agent,
            extra_ca_certificates: None,
            system_ca_certificates: Vec::new(),
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(15),
            timeout: Duration::from_secs(30),
        }
    }
}
