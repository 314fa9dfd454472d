//! Organizations, projects and API keys of the OpenAI platform, and the onboarding session that
//! authorizes the requests.
//!
//! ```
#![doc = include_str!("../examples/create_a_key.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! It does not sign in (`token-client` gets the access token), does not wait and does not poll:
//! `login` decides timeouts and concurrency. It selects no project; it only sorts organizations
//! [by preference](by_preference).
//!
//! # Invariants
//!
//! - It does not use the issuer or the token endpoint.
//! - The access token is sent in one request, the session key in the others, and both only to the
//!   API's host.
//! - An id is one path segment, with any characters.
//! - Creating a key is never retried, unless the first attempt provably did not reach the server.
//! - One invalid entry of a list does not hide the others.

mod session;

mod organization;
mod project;

mod api_key;

mod error;
mod id;
mod list;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use error::{Call, Error};
pub use id::{MalformedId, OrganizationId, ProjectId};
pub use organization::{Organization, by_preference};
pub use project::{Project, ProjectLimit, ProjectList};
pub use session::{PlatformApi, Session};
