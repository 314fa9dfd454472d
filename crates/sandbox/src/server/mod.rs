//! From the socket to the answer: listening, TLS, HTTP, recording, faults.

mod accept;
mod body;
mod connection;
mod io;
mod respond;
mod side;
mod tls;

pub(crate) use accept::accept;
pub(crate) use side::Side;
pub(crate) use tls::Authority;

pub use tls::TlsError;

pub use respond::Answered;
pub(crate) use respond::Observer;
