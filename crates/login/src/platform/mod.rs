//! A session of the platform, through the browser: a key is made in it, and what the account has is
//! listed in it.
//!
//! ```text
//! start ── the port is bound, the URL is ready
//!   └─ finish ── callback ── code for access token ── session
//! ```
//!
//! A sign-in that is stored may be worth a session as well, [without the browser](by_stored_sign_in).

mod lists;
mod session;
mod stored;

pub use lists::{Listed, organizations, projects};
pub use session::{Options, PendingSession, start};
pub use stored::by_stored_sign_in;

pub(crate) use lists::{among, by_preference_of, projects_of_each};
