pub(crate) mod http2;
mod memory;
mod peer;
mod send;
mod server;
mod tls;

pub(crate) use memory::assert_memory_growth;
pub(crate) use peer::Peer;
pub(crate) use send::{DEADLINE, assert_cut_off, assert_valid, client, options, send, send_within};
pub(crate) use server::{Server, ok};
pub(crate) use tls::Tls;
