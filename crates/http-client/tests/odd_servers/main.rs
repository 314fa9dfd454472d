//! Servers with unusual, broken or hostile HTTP, from raw bytes. Each response is accepted, or
//! refused with the right error, in bounded time and memory.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

mod bodies;
mod connection_reuse;
mod floods;
mod heads;
mod http2;
mod informational;
mod slow_servers;
