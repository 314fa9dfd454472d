//! The secrets of a sign-in as types, and the claims of its tokens.
//!
//! One type per meaning, so that a function that takes a [`RefreshToken`] does not accept an
//! [`AccessToken`], and so that no secret reaches a log, an error or a terminal by accident
//! ([RFC 6749 §10.3](https://www.rfc-editor.org/rfc/rfc6749#section-10.3),
//! [RFC 9700 §4](https://www.rfc-editor.org/rfc/rfc9700#section-4)).
//!
//! ```
#![doc = include_str!("../examples/read_claims.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! It verifies no signature: a token that comes directly from the token endpoint needs no
//! verification ([OpenID Connect Core
//! §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation) rule 6);
//! `token-client` verifies one with the provider's keys. [`Claims::validate`] compares the claims
//! with the expected values.
//!
//! The PKCE `code_verifier` is in `pkce`, the `state` in `oauth-callback-server`, the file in
//! `auth-store`.
//!
//! # Invariants
//!
//! - No I/O: the crate reads no file, clock or environment variable.
//! - No secret implements `Display`, `Serialize`, `Clone` or `PartialEq`; `Debug` shows the name only.
//! - Every secret is wiped when it is dropped.

mod claims;
mod jwt;
mod secret;

pub use claims::{ClaimMismatch, Claims, IdTokenValidation, NoAdditionalClaims, non_empty_string};
pub use jwt::MalformedJwt;
pub use secret::{
    AccessToken, ApiKey, AuthorizationCode, ClientSecret, DeviceCode, IdToken, MalformedSecret,
    RefreshToken, SessionKey,
};
