use std::net::SocketAddr;

use tokio::io::BufReader;
use tokio::net::TcpStream;

use super::scenario::ProxyConduct;

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
            ProxyConduct::Honest => None,
            ProxyConduct::Answer(bytes) => Some(Self::Refusal(bytes.clone())),
            ProxyConduct::Hang => Some(Self::Silence),
            ProxyConduct::Close => Some(Self::Close),
        }
    }
}
