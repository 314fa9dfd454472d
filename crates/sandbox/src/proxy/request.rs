use std::fmt;
use std::net::SocketAddr;

use tokio::io::BufReader;
use tokio::net::TcpStream;

use super::scenario::ProxyConduct;

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

/// The client's side. Data after its request stays in the buffer for the tunnel.
pub(super) type Client = BufReader<TcpStream>;

/// The reply to a request.
pub(super) enum Outcome {
    /// A tunnel, with the replies for success and failure.
    Tunnel { to: SocketAddr, open: Vec<u8>, unreachable: Vec<u8> },
    /// These bytes, and then close.
    Refusal(Vec<u8>),
    /// Nothing, without closing.
    Silence,
    /// The end.
    Close,
}

impl Outcome {
    /// The reply of a proxy with a fault.
    pub(super) fn for_conduct(conduct: &ProxyConduct) -> Option<Self> {
        match conduct {
            ProxyConduct::Normal => None,
            ProxyConduct::Respond(bytes) => Some(Self::Refusal(bytes.clone())),
            ProxyConduct::Hang => Some(Self::Silence),
            ProxyConduct::Close => Some(Self::Close),
        }
    }
}
