//! The sandbox's protocol, over sockets.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod client;
mod device;
mod faults;
mod person;
mod platform;
mod program;
mod proxy;
mod refresh;
mod sign_in;
mod tls;
