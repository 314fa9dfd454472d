//! Every request of the platform API, with valid and invalid responses.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod creations;
mod lists;
mod refusals;
mod rig;
mod wire;
