//! A session of the platform, through the browser: what a key is made in.
//!
//! ```text
//! start ── the port is bound, the URL is ready
//!   └─ the person is in the browser ── callback ── code for access token ── session
//! ```

mod session;

pub use session::{Options, PendingSession, start};
