//! Checks what can prevent a sign-in on this machine, and returns values: the store, the ports, `localhost`, the
//! browser, the network and the clock; and where the program runs (SSH, a container, WSL, an editor), because the
//! browser may then be unable to reach its redirect URI
//! ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
//!
//! [`run`] runs all checks. A sign-in uses some of them alone: [`Host`], [`Sudo`], [`missing_browser`] and
//! [`codex_obstacles`].
//!
//! ```
#![doc = include_str!("../examples/remote_browser.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! It prints nothing: `cli` has the sentences and hints. It does not read environment variables or the clock, and
//! does not know the ports and servers of a sign-in; the caller passes all of them.
//!
//! # Invariants
//!
//! - A check leaves no change behind, and sends no secret.
//! - [`run`] ends at its deadline, even if a check hangs.
//! - A command for the user contains nothing from the environment except a valid user name, address or codespace
//!   name.

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
