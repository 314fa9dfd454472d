//! The program meets servers whose TLS is bad, in every way that there is, and some that are good.
//! A revoked certificate is none of them: the client looks at no list, and at nothing stapled.

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
