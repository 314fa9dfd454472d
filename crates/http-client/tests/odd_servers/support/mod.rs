mod ask;
pub(crate) mod http2;
mod memory;
mod peer;
mod server;
mod tls;

pub(crate) use ask::{DEADLINE, ask, ask_within, breaks, client, options, works};
pub(crate) use memory::grows_at_most;
pub(crate) use peer::Peer;
pub(crate) use server::{Server, ok};
pub(crate) use tls::Tls;
