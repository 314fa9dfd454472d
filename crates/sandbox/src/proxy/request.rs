use std::fmt;

/// What a client asked a proxy for.
///
/// `Debug` shows the target alone: the rest may hold a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProxyRequest {
    /// What it is to be connected to, such as `issuer.test:443`; the target as it was sent when that
    /// is no `CONNECT`; empty when it never came to that.
    pub target: String,
    /// The `Proxy-Authorization` header; with SOCKS the name, a colon and the password.
    pub authorization: Option<String>,
    /// Everything that it said before the tunnel, as it came.
    pub head: Vec<u8>,
}

impl fmt::Debug for ProxyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for {:?} ({} bytes)", self.target, self.head.len())
    }
}

/// The expected requests did not arrive at the proxy in time.
#[derive(Debug, thiserror::Error)]
#[error("{wanted} requests to the proxy were expected; received: {asked:?}")]
pub struct NotSeen {
    /// How many were expected.
    pub wanted: usize,
    /// Everything that it was asked for.
    pub asked: Vec<ProxyRequest>,
}
