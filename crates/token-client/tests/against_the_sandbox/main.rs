//! Every request of the token client against an issuer that keeps to the contract, or does not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deliveries;
mod device;
mod refusals;
mod rig;
mod wire;
