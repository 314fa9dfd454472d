//! The loopback end of an authorization code flow for native apps
//! ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)): it binds the
//! `redirect_uri`, waits for the one callback that is meant for it, and tells the browser the truth.
//!
//! ```
#![doc = include_str!("../examples/wait_for_callback.rs")]
//! ```
//!
//! Each phase is a value that the next one consumes: [`CallbackServer::bind`], then
//! [`CallbackServer::wait`], then one method of [`BrowserResponder`]. The port is free as soon as that
//! last future is done, or as soon as any of these values is dropped.
//!
//! A browser on another machine cannot come here. Its person can bring the address at which it ended:
//! [`CallbackServer::serve`] opens [a second way](PastedCallback), with the same rules.
//!
//! What looks like the callback and is not taken for it, such as that of a browser that insists on https, is
//! told to the caller, each kind once: [`RunningServer::rejections`], and [`WaitError::TimedOut`].
//!
//! # What this crate does not do
//!
//! It redeems no code (`token-client`), builds no authorization URL and writes no page that a person
//! would want to read (`login`), and sends nothing to the program that holds a port: [`PortOwner`] names that program.
//!
//! # Invariants
//!
//! - It knows neither PKCE nor an HTTP client: it follows nothing and asks nobody.
//! - Only a callback with the right `state`, the deadline or a drop ends the wait.
//! - Nothing is sent to a port that is taken.
//! - One code is handed out once; every copy of its callback gets the same answer, in its own time. The right
//!   `state` with another code is answered by 409, so that nobody is told that a code of theirs was taken.
//! - A callback of another user of this machine is refused, where the system tells (Linux). The superuser's is
//!   not: relays of virtual machines and containers run as root.
//! - No byte of a request is in any answer.
//! - Both loopback addresses, and no other, are listened on.

mod state;

mod bind;
mod limits;
mod listen;
#[cfg(target_os = "linux")]
mod peer;
mod port_owner;
#[cfg(target_os = "linux")]
mod sock_diag;
#[cfg(target_os = "linux")]
mod socket_table;

mod browser;
mod pasted_callback;
mod readings;
mod server;
mod wait;

mod error_kind;

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
mod head_watch;
mod response_stream;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use bind::{BindError, BindOptions, CallbackServer, RedirectHost};
pub use browser::{BrowserResponder, RedirectPage};
pub use error_kind::ErrorKind;
pub use limits::Limits;
pub use pages::{Page, Pages};
pub use pasted_callback::{InvalidCallbackUrl, PastedCallback};
pub use port_owner::{PortInUse, PortOwner};
pub use rejected::{RejectedCallback, Rejections};
pub use state::{NoRandomness, State};
pub use wait::{Callback, CallbackConfig, RunningServer, WaitError};
