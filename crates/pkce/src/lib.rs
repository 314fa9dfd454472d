//! Proof Key for Code Exchange ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)): the
//! `code_verifier` that stays here, and the `code_challenge` that travels in the open.
//!
//! ```
#![doc = include_str!("../examples/challenge.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! There is no `plain` method: it protects against nothing that matters on a machine with other
//! people's programs ([RFC 9700 §2.1.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1)). The
//! URL that carries the challenge is built by `login`, the request that carries the verifier by
//! `token-client`.
//!
//! # Invariants
//!
//! - The verifier comes from the operating system's random number generator, and from nothing else.
//! - A verifier belongs to one authorization request: it is not `Clone`.
//! - It is wiped when it is dropped, and never shown.

mod challenge;
mod verifier;

pub use challenge::{CODE_CHALLENGE_METHOD, CodeChallenge};
pub use verifier::{CodeVerifier, InvalidCodeVerifier, NoRandomness};
