//! What is in the way of a sign-in on this machine, as values: store, ports, names, browser, network
//! and clock, and where the program runs (SSH, a container, WSL, an editor), so that the browser of the
//! person may not come back to it
//! ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
//!
//! [`run`] runs all checks. What a sign-in asks as well is there by itself: [`Host`], [`Sudo`],
//! [`missing_browser`] and [`codex_obstacles`].
//!
//! ```
#![doc = include_str!("../examples/remote_browser.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! It says nothing: the sentences and hints that a person reads are the cli's. It reads no environment
//! variable and no clock; both are values. It signs nobody in: ports, servers and the functions that
//! only a sign-in has are values too.
//!
//! # Invariants
//!
//! - A check changes nothing that stays, and sends nothing that is secret.
//! - [`run`] ends by its deadline, whatever hangs.
//! - A command for the person to run has nothing in it from the environment but the name of a user, an
//!   address or the name of a codespace, by their rules.

mod check;
mod deadline;
mod run;
mod status;

mod codex_cli;
mod store;

mod ports;

mod localhost;

mod browser;

mod host;
mod remote_context;
mod session;
mod sudo;
mod user_name;

mod clock;
mod network;
mod server;

pub use browser::{BrowserFinding, missing_browser};
pub use check::{Check, Finding};
pub use clock::ClockFinding;
pub use codex_cli::{CodexObstacle, codex_obstacles};
pub use host::{Container, Environment, Host};
pub use localhost::LocalhostFinding;
pub use network::NetworkFinding;
pub use ports::{PortFinding, PortRole, Ports};
pub use remote_context::{Codespace, RemoteContext, SshSession};
pub use run::{Options, run};
pub use server::{Server, ServerFinding, Stage, Step};
pub use session::SessionFinding;
pub use status::Status;
pub use store::StoreFinding;
pub use sudo::Sudo;
