//! The loopback redirect URI of a native app
//! ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)): it binds the port, waits for the callback
//! with the right `state`, and shows the outcome in the browser.
//!
//! ```
#![doc = include_str!("../examples/wait_for_callback.rs")]
//! ```
//!
//! Each step consumes the value of the one before: [`CallbackServer::bind`], then [`CallbackServer::wait`], then a
//! method of [`BrowserResponder`]. The port is closed when the last future ends, or when one of these values is
//! dropped.
//!
//! A browser on another machine cannot reach this server. Its user can paste the URL where the browser ended:
//! [`CallbackServer::serve`] also accepts [pasted URLs](PastedCallback).
//!
//! Requests that look like the callback but are rejected, for example because the browser forces https, are
//! reported to the caller: [`RunningServer::rejections`] and [`WaitError::TimedOut`].
//!
//! # With another OAuth library
//!
//! ```
#![doc = include_str!("../examples/with_oauth2.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! It does not build the authorization URL, exchange the code, or open a browser; `native-oauth` does. Its own pages
//! have one sentence each. It sends nothing to a program that holds a port; [`PortOwner`] names that program.
//!
//! # Invariants
//!
//! - It sends no request: it has no HTTP client, and does not know PKCE.
//! - Only a callback with the right `state`, the timeout or a drop ends the wait.
//! - It returns one code. Each copy of that callback gets the same response. The right `state` with another code
//!   gets 409.
//! - A callback of another user of this machine is refused if the system reports the user (Linux). Root is
//!   accepted: relays of virtual machines and containers run as root.
//! - No response contains a byte of its request.
//! - It listens on both loopback addresses, and on no other address.

mod state;

mod bind;
mod error;
mod limits;
mod listen;
#[cfg(target_os = "linux")]
mod peer;
mod port_owner;
#[cfg(target_os = "linux")]
mod sock_diag;

mod browser;
mod pasted_callback;
mod pasted_text;
mod server;
mod wait;

mod pages;

mod classify;
mod query;
mod rejected;

mod connection;
mod reply;
mod session;

mod accept;
mod acceptor;
mod handle;
mod request_head;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(test)]
mod vectors_tests;

pub use bind::{BindOptions, CallbackServer, RedirectHost};
pub use browser::{BrowserResponder, RedirectPage};
pub use error::{BindError, WaitError};
pub use limits::Limits;
pub use pages::{Page, Pages};
pub use pasted_callback::{InvalidCallbackUrl, PastedCallback};
pub use port_owner::{PortInUse, PortOwner};
pub use query::CallbackParameters;
pub use rejected::{RejectedCallback, Rejections};
pub use state::{NoRandomness, State};
pub use wait::{Callback, CallbackConfig, RunningServer};

pub use credentials::AuthorizationCode;
