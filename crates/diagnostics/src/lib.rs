//! What is in the way of a sign-in on this machine, as values: where the program runs (SSH, a
//! container, WSL, an editor), and whether the browser of the person can come back to it
//! ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
//!
//! ```
#![doc = include_str!("../examples/remote_browser.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! It changes nothing and says nothing: the sentences and hints that a person reads are the cli's. It
//! reads no environment variable; an [`Environment`] is a value.
//!
//! # Invariants
//!
//! - A command for the person to run has nothing in it from the environment but the name of a user, an
//!   address or the name of a codespace, by their rules.

mod browser;
mod host;
mod remote_context;
mod sudo;
mod user_name;

pub use browser::missing_browser;
pub use host::{Container, Environment, Host};
pub use remote_context::{Codespace, RemoteContext, SshSession};
pub use sudo::Sudo;
