//! From the socket to the answer: TLS, HTTP, recording, faults.

mod body;
mod bomb;
mod certificate;
mod checksum;
mod connection;
mod io;
mod outcome;
mod respond;
mod side;
mod tls;
mod verbatim;

pub(crate) use connection::Serving;
pub(crate) use side::Side;
pub(crate) use tls::Authority;

pub use tls::TlsError;

pub use respond::Answered;
pub(crate) use respond::Observer;
