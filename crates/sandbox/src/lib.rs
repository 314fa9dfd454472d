//! A local issuer and platform API in the shape of OpenAI's: the authorization server of
//! [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749), the API behind it, and a simulated user with
//! a browser, for the demo, the tests and users of these crates.
//!
//! ```
#![doc = include_str!("../examples/visit.rs")]
//! ```
//!
//! It has two parts: `openai`, the servers, which always respond correctly; and `faults` and
//! `proxy`, which simulate errors.
//!
//! A [`Scenario`] holds accounts, lifetimes and [`Fault`]s. A fault has an [`Endpoint`], a choice
//! of its requests, and an effect. [`Sandbox::requests`] returns the received requests, and
//! [`Sandbox::issued`] the secrets that must not appear elsewhere. Tests wait with
//! [`Sandbox::wait_for_requests`] or [`Sandbox::wait_for_requests_blocking`], and never sleep.
//!
//! A [`Proxy`] is an HTTP or SOCKS proxy between client and server. It connects the names of its
//! [`ProxyScenario`] to addresses of this machine, and can refuse, hang or close.
//!
//! # What this crate does not do
//!
//! It listens on `127.0.0.1` only, stores nothing, requires no password, and signs with a published
//! key. It does not check how a client handles a response: tests do.
//!
//! # Invariants
//!
//! - It shares no code with what it tests: no other crate of the workspace, and no HTTP client of
//!   theirs.
//! - Only tests, rigs and the demo use it.
//! - A request with a fault changes nothing, unless the fault needs the normal response.
//! - A proxy connects only to the addresses of its scenario and to loopback.
//! - Its `Debug` output and its log lines show no secret.

mod canaries;
mod endpoint;
mod faults;
mod listen;
mod log;
mod merge;
mod openai;
mod person;
mod proxy;
mod record;
mod response;
mod running;
mod sandbox;
mod scenario;
mod server;
mod start;

pub use canaries::Canaries;
pub use endpoint::Endpoint;
pub use faults::{Body, Fault, On, Reply, Then};
pub use listen::StartError;
pub use log::RequestTimeout;
pub use openai::{Account, Issued, Minted, Organization, Project, WhenChosen};
pub use person::{Conduct, Person, PersonError, Step, Trail};
pub use proxy::{Proxy, ProxyConduct, ProxyKind, ProxyLogin, ProxyRequest, ProxyScenario};
pub use record::Recorded;
pub use sandbox::Sandbox;
pub use scenario::{
    Client, Defect, Device, Iss, Lifetimes, Listeners, Offered, Policy, Reuse, Revocation,
    Rotation, Scenario, Tls, Workspaces,
};
