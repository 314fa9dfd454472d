//! A local issuer and platform API in the shape of OpenAI's: the authorization server of
//! [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749), the API behind it, and a person with a
//! browser, for the demo, the tests and people who build on these crates.
//!
//! ```
#![doc = include_str!("../examples/visit.rs")]
//! ```
//!
//! What goes wrong is data: a [`Scenario`] holds accounts, lifetimes, and [`Fault`]s that say at
//! which [`Endpoint`], at which of its requests, and what. Tests read [`Sandbox::requests`] for what
//! was sent and [`Sandbox::issued`] for the secrets that may not show up elsewhere; they wait by
//! [`Sandbox::arrived`] or [`Sandbox::wait_for`], and never by sleeping.
//!
//! What goes wrong on the way is data, too: a [`Proxy`] stands between a client and a server, as an
//! HTTP or SOCKS proxy or as a plain relay, leads the names of its [`ProxyScenario`] to the addresses
//! there, and refuses, hangs, cuts off or slows down as that says. Tests read [`Proxy::requests`].
//!
//! # What this crate does not do
//!
//! It is no server for anybody else: it listens on `127.0.0.1` alone, keeps nothing, asks for no
//! password, and signs with a key that is published with it. It judges requests as the contract has
//! them; what a client must do with the answers is the tests' business.
//!
//! # Invariants
//!
//! - It shares no code with what it judges: no other crate of the workspace, and no HTTP client of
//!   theirs.
//! - Only tests and the demo know it.
//! - A request that a fault answers changes nothing, unless the fault says otherwise.
//! - A proxy reaches what its scenario names and this machine, and nothing else.
//! - No `Debug` and no log line of it shows a secret.

mod account;
mod answer;
mod endpoint;
mod fault;
mod issued;
mod issuer;
mod ledger;
mod listen;
mod log;
mod merge;
mod params;
mod person;
mod platform;
mod proxy;
mod random;
mod record;
mod route;
mod running;
mod sandbox;
mod scenario;
mod server;
mod start;
mod world;

pub use account::{Account, Organization, Project, WhenChosen};
pub use endpoint::Endpoint;
pub use fault::{Body, Fault, On, Reply, Then};
pub use issued::Issued;
pub use issuer::{BrokenKey, Minted};
pub use person::{Conduct, Person, PersonError, Step, Trail, Versions};
pub use proxy::{
    Link, NotSeen, Proxy, ProxyConduct, ProxyKind, ProxyLogin, ProxyRequest, ProxyScenario,
};
pub use record::{NotArrived, Recorded};
pub use sandbox::Sandbox;
pub use scenario::{
    Client, Defect, Device, Fixed, Iss, Lifetimes, Listeners, Offered, Policy, Reuse, Revocation,
    Rotation, Scenario, Tls, Workspaces,
};
pub use server::{Answered, TlsError};
pub use start::StartError;
