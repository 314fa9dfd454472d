use std::time::Duration;

use crate::ca_certificates::CaCertificates;
use crate::proxy::Proxy;

/// The policy, as far as the person or the caller decides it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `User-Agent` of every request: a constant of the program, never of the person.
    pub user_agent: &'static str,
    /// The certificate authorities that are trusted beside the system's.
    pub extra_ca_certificates: Option<CaCertificates>,
    /// The certificate authorities that take the place of the system's, unless there are none.
    pub system_ca_certificates: Vec<CaCertificates>,
    /// The proxy for everything that is not on this machine.
    pub proxy: Option<Proxy>,
    /// How long a connection may take to stand, from the name to the end of the TLS handshake.
    pub connect_timeout: Duration,
    /// How long an answer that has begun may pause.
    pub idle_timeout: Duration,
    /// How long a whole request may take, up to the last byte of its answer.
    pub timeout: Duration,
}

impl Options {
    /// The policy of the program that calls itself `user_agent`: the system's authorities, no
    /// proxy, and deadlines that a slow network keeps.
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
