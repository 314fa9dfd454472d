use std::fmt;

/// A request to a proxy.
///
/// `Debug` shows only the target: the rest may have a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProxyRequest {
    /// The target, such as `issuer.test:443`, or the request target as sent if the method is not
    /// `CONNECT`; empty if it was not read.
    pub target: String,
    /// The `Proxy-Authorization` header; with SOCKS the name, a colon and the password.
    pub authorization: Option<String>,
    /// All bytes before the tunnel.
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
    /// The expected count.
    pub wanted: usize,
    /// The received requests.
    pub asked: Vec<ProxyRequest>,
}
