//! The server over real sockets, each test on a port of its own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

mod callback;
mod form_post;
mod load;
mod pasted_callback;
mod port;
mod redirect_page;
mod rejections;
mod surface;
