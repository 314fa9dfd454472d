//! From the socket to the response: TLS, HTTP, recording, faults.

mod body;
mod connection;
mod io;
mod respond;
mod tls;

pub(crate) use connection::Serving;
pub(crate) use tls::Authority;

pub(crate) use respond::{Observer, State};
