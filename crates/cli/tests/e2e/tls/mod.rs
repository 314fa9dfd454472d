//! Servers with valid and invalid TLS. Revoked certificates are not tested, because the client does
//! not check revocation.

mod authority;
mod bad_certificates;
mod bad_protocols;
mod handler;
mod raw;
mod rows;
mod s_server;
mod server;
mod valid_servers;
mod wire;
