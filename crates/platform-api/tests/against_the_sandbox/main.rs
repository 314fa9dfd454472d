//! Every request of the platform API against a platform that keeps to the contract, or does not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod creations;
mod lists;
mod refusals;
mod rig;
mod wire;
