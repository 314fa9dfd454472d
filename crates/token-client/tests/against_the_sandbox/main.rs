//! Every request of the token client, against correct and incorrect responses.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod device;
mod errors;
mod retries;
mod rig;
mod wire;
