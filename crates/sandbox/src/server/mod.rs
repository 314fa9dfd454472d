//! From the socket to the response: TLS, HTTP, recording, faults.

mod body;
mod certificate;
mod connection;
mod io;
mod respond;
mod state;
mod tls;

pub(crate) use connection::Serving;
pub(crate) use tls::Authority;

pub use certificate::TlsError;

pub(crate) use respond::Observer;
pub(crate) use state::State;
