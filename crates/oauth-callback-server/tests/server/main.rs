//! The server over real sockets, each test on a port of its own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

mod by_hand;
mod callback;
mod crowd;
mod form_post;
mod landing;
mod port;
mod rejections;
#[cfg(unix)]
mod rendezvous;
mod surface;
