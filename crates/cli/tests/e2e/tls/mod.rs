//! The program meets servers whose TLS is bad, in every way that there is, and some that are good.
//! A revoked certificate is none of them: the client looks at no list, and at nothing stapled.

mod authority;
mod bad_certificates;
mod bad_protocols;
mod good;
mod matrix;
mod raw;
mod s_server;
mod server;
mod speaker;
mod wire;
