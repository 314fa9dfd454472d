//! Organizations, projects and API keys of the OpenAI platform, and the onboarding session that they
//! are asked with.
//!
//! ```
#![doc = include_str!("../examples/create_a_key.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! It does not sign in (`token-client` brings the access token), never waits and never polls: how
//! long an organization is worth waiting for, and how many are asked side by side, is decided in
//! `login`. It chooses no project; it only knows which organization comes [first](by_preference).
//!
//! # Invariants
//!
//! - It knows no issuer and no token endpoint.
//! - The access token goes to one request, the session key to the others, and both to the API's host
//!   only.
//! - An id is one segment of a path, with any characters in it.
//! - Creating a key is never tried twice, unless the first attempt provably did not arrive.
//! - One odd entry of a list does not hide the others.

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

pub use error::{Call, Error, ErrorKind};
pub use id::{MalformedId, OrganizationId, ProjectId};
pub use organization::{Organization, Preference, by_preference};
pub use project::{Project, ProjectList, Room};
pub use session::{PlatformApi, Session};
