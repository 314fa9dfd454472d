//! Every request of the platform API, with valid and invalid responses.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod create_api_key;
mod error_responses;
mod lists;
mod support;
mod wire;
