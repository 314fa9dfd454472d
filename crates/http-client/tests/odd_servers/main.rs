//! Servers that speak odd, broken or hostile HTTP, from bytes that no HTTP library would write. Each
//! is understood, or refused with an error of its kind, in bounded time and memory.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

mod bodies;
mod floods;
mod heads;
mod http2;
mod informational;
mod kept;
mod pace;
