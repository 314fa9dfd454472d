//! A local issuer and platform API in the shape of OpenAI's: the authorization server of
//! [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749), the API behind it, and a person with a
//! browser, for the demo, the tests and people who build on these crates.
//!
//! ```
#![doc = include_str!("../examples/visit.rs")]
//! ```
//!
//! It has two parts: `openai`, the servers, which always answer correctly; and `faults` and `proxy`,
//! which make what goes wrong.
//!
//! A [`Scenario`] holds accounts, lifetimes and [`Fault`]s. A fault names an [`Endpoint`], which of its
//! requests, and what happens. [`Sandbox::requests`] returns what was sent, and [`Sandbox::issued`] the
//! secrets that must not appear elsewhere. Tests wait with [`Sandbox::arrived`] or
//! [`Sandbox::wait_for`], and never sleep.
//!
//! A [`Proxy`] is an HTTP or SOCKS proxy between client and server. It connects the names of its
//! [`ProxyScenario`] to addresses of this machine, and refuses, hangs or closes as that says.
//!
//! # What this crate does not do
//!
//! It listens on `127.0.0.1` only, stores nothing, asks for no password, and signs with a published
//! key. It does not check what a client does with an answer: tests do.
//!
//! # Invariants
//!
//! - It shares no code with what it tests: no other crate of the workspace, and no HTTP client of
//!   theirs.
//! - Only tests, rigs and the demo use it.
//! - A request that a fault answers changes nothing, unless the fault says otherwise.
//! - A proxy reaches the addresses of its scenario and this machine, and nothing else.
//! - Its `Debug` output and its log lines show no secret.

mod answer;
mod endpoint;
mod faults;
mod listen;
mod log;
mod merge;
mod openai;
mod person;
mod proxy;
mod record;
mod running;
mod sandbox;
mod scenario;
mod server;
mod start;
mod start_error;

pub use endpoint::Endpoint;
pub use faults::{Answered, Body, Fault, On, Reply, Then};
pub use openai::{Account, BrokenKey, Issued, Minted, Organization, Project, WhenChosen};
pub use person::{Conduct, Person, PersonError, Step, Trail};
pub use proxy::{NotSeen, Proxy, ProxyConduct, ProxyKind, ProxyLogin, ProxyRequest, ProxyScenario};
pub use record::{NotArrived, Recorded};
pub use sandbox::Sandbox;
pub use scenario::{
    Client, Defect, Device, Fixed, Iss, Lifetimes, Listeners, Offered, Policy, Reuse, Revocation,
    Rotation, Scenario, Tls, Workspaces,
};
pub use server::TlsError;
pub use start_error::StartError;
