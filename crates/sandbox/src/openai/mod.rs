//! A server like OpenAI's: an issuer, a platform, and their state. It has no faults: `faults` and
//! `server` apply them to its responses.

mod account;
mod issuer;
mod ledger;
mod params;
mod platform;
mod random;
mod route;
mod world;

pub(crate) use issuer::{Signer, mint};
pub(crate) use params::Params;
pub(crate) use route::{Side, respond};
pub(crate) use world::World;

pub use account::{Account, Organization, Project, WhenChosen};
pub use issuer::Minted;
pub use ledger::Issued;
