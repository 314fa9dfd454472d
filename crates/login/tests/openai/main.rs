//! The differences of OpenAI's issuer, against the sandbox.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api_key;
mod code;
mod device_code;
mod refresh;
mod support;
