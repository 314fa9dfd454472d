//! A client of the token endpoint ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)):
//! it exchanges a code, a refresh token or a device code for tokens, and revokes tokens.
//!
//! ```
#![doc = include_str!("../examples/use_a_sign_in.rs")]
//! ```
//!
//! | request | source |
//! |---|---|
//! | [`TokenClient::exchange_code`] | [RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3), [RFC 7636 §4.5](https://www.rfc-editor.org/rfc/rfc7636#section-4.5) |
//! | [`TokenClient::refresh`] | [RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6) |
//! | [`TokenClient::revoke`] | [RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1) |
//! | [`TokenClient::request_device_authorization`] | [RFC 8628 §3.1](https://www.rfc-editor.org/rfc/rfc8628#section-3.1) |
//! | [`TokenClient::send`] | any other grant |
//!
//! # What this crate does not do
//!
//! It builds no authorization URL and waits for no callback (`login`, `oauth-callback-server`),
//! reads no claim (`credentials`), keeps nothing (`auth-store`), and never waits: when to refresh
//! and when to poll again is decided where the clock is.
//!
//! # Invariants
//!
//! - It knows nothing of the platform: no organization, no project.
//! - A secret is in the body of a request and nowhere else: in no URL, header, error or log.
//! - A request is retried once, and only if the first attempt was never sent.
//! - A code is exchanged with a `code_verifier`, always ([RFC 9700 §4.8](https://www.rfc-editor.org/rfc/rfc9700#section-4.8)).

mod client;
mod code;
mod device;
mod error;
mod interval;
mod issuer;
mod provider;
mod refresh;
mod revocation;
mod seconds;
mod token_response;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use client::{TokenClient, TokenRequest};
pub use code::CodeExchange;
pub use device::{DeviceAuthorization, DevicePoll, InvalidUserCode, UserCode};
pub use error::{Error, ErrorKind};
pub use interval::Interval;
pub use issuer::Issuer;
pub use provider::{BodyFormat, Provider};
pub use revocation::Revocable;
pub use token_response::{RefreshResponse, TokenResponse};
