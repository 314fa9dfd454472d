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
//! | [`Provider::discover`] | [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414), [OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html) |
//! | [`Provider::register`] | [RFC 7591](https://www.rfc-editor.org/rfc/rfc7591) |
//! | [`ProtectedResource::discover`] | [RFC 9728](https://www.rfc-editor.org/rfc/rfc9728) |
//! | [`TokenClient::push_request`] | [RFC 9126](https://www.rfc-editor.org/rfc/rfc9126) |
//! | [`DpopKey`] | [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449) |
//! | [`JwkSet::verify`] | [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517) |
//! | [`TokenClient::send`] | any other grant |
//!
//! # What this crate does not do
//!
//! It builds no authorization URL and waits for no callback (`native-oauth`, `oauth-callback-server`),
//! stores nothing (`token-store`), and has no clock: the caller decides when to refresh and when to poll
//! again.
//!
//! # Invariants
//!
//! - It knows nothing of the platform: no organization, no project.
//! - A secret is in no URL, error or log. Only `client_secret_basic` puts one into a header.
//! - A request is retried once, and only if the first attempt was never sent. With a [`DpopKey`], it is also repeated
//!   once with the nonce that the server asks for ([RFC 9449
//!   §8](https://www.rfc-editor.org/rfc/rfc9449#section-8)): the server has not acted on the first one.
//! - A code is exchanged with a `code_verifier`, always ([RFC 9700 §4.8](https://www.rfc-editor.org/rfc/rfc9700#section-4.8)).

mod authentication;
mod client;
mod code;
mod device;
mod discovery;
mod dpop;
mod error;
mod id_token;
mod interval;
mod issuer;
mod jwk_set;
mod protected_resource;
mod provider;
mod pushed_request;
mod refresh;
mod registration;
mod revocation;
mod seconds;
mod token_response;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use authentication::ClientAuthentication;
pub use client::{TokenClient, TokenRequest};
pub use code::CodeExchange;
pub use device::{DeviceAuthorization, DevicePoll, InvalidUserCode, UserCode};
pub use discovery::{DiscoveryError, InvalidMetadata, ProviderMetadata};
pub use dpop::{DpopKey, NoRandomness};
pub use error::Error;
pub use http_client::{HttpClient, Options, Url};
pub use id_token::InvalidIdToken;
pub use interval::Interval;
pub use issuer::Issuer;
pub use jwk_set::JwkSet;
pub use protected_resource::ProtectedResource;
pub use provider::{BodyFormat, Provider};
pub use pushed_request::PushedRequest;
pub use registration::{ClientMetadata, RegisteredClient, RegistrationError};
pub use revocation::Revocable;
pub use token_response::{AdditionalFields, RefreshResponse, TokenResponse};

pub use {credentials, http_client, pkce};
