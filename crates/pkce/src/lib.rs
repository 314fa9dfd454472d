//! Proof Key for Code Exchange ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)): the secret
//! `code_verifier` of the token request, and its `code_challenge` in the authorization URL.
//!
//! ```
#![doc = include_str!("../examples/challenge.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! There is no `plain` method: it does not protect against a program that reads the
//! authorization URL ([RFC 9700 §2.1.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1)). `native-oauth` puts
//! the challenge into the URL, `token-client` the verifier into the request.
//!
//! # Features
//!
//! The crate works without `std`, with `alloc`. The default feature `getrandom` has
//! [`CodeVerifier::generate`]; without it, [`CodeVerifier::from_random`] takes the bytes of your own
//! generator.
//!
//! # Invariants
//!
//! - The verifier comes from the operating system's random number generator, unless the caller brings
//!   one.
//! - A verifier belongs to one authorization request: it is not `Clone`.
//! - It is wiped when it is dropped, and `Debug` hides it.

#![cfg_attr(not(test), no_std)]

mod challenge;
mod verifier;

pub use challenge::{CODE_CHALLENGE_METHOD, CodeChallenge};
#[cfg(feature = "getrandom")]
pub use verifier::NoRandomness;
pub use verifier::{CodeVerifier, InvalidCodeVerifier};
