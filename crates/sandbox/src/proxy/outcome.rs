use std::net::SocketAddr;

use tokio::io::BufReader;
use tokio::net::TcpStream;

use super::scenario::ProxyConduct;

/// The client's end. What it sent after its request stays in the buffer for the tunnel.
pub(super) type Client = BufReader<TcpStream>;

/// What a request gets.
pub(super) enum Outcome {
    /// A tunnel, and what is said when there is one and when there cannot be one.
    Tunnel { to: SocketAddr, open: Vec<u8>, unreachable: Vec<u8> },
    /// These bytes, and the end.
    Refusal(Vec<u8>),
    /// Nothing, and no end.
    Silence,
    /// The end.
    Close,
}

impl Outcome {
    /// What a proxy that is not honest does to everybody.
    pub(super) fn for_conduct(conduct: &ProxyConduct) -> Option<Self> {
        match conduct {
            ProxyConduct::Honest => None,
            ProxyConduct::Answer(bytes) => Some(Self::Refusal(bytes.clone())),
            ProxyConduct::Hang => Some(Self::Silence),
            ProxyConduct::Close => Some(Self::Close),
        }
    }
}
