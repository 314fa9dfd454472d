//! The two sign-ins of OpenAI as stories, [sign in with ChatGPT](sign_in) and [create a project
//! API key](create_api_key) in [a session of the platform](platform), and [what happens to a sign-in
//! afterwards](stored). The sign-ins are the authorization code flow of a native app
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)) with PKCE.
//!
//! A story has two phases. `start` binds the port and returns the URL, without a request and without
//! a TLS root read; `finish` waits for the person and does the rest, and answers the browser when it
//! is known how it ended. A person whose browser cannot come back has other ways, which are open
//! beside it: they bring its address by hand, or type a code on another device ([`UserInput`]).
//!
//! ```
#![doc = include_str!("../examples/sign_in_with_chatgpt.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! It prints nothing, reads no environment and starts no program: progress is an [`Event`], the clock
//! and what opens the browser are values. Only the library behind [`open_browser`] reads
//! `BROWSER` by itself, on Linux and its like, and starts what it names. The steps themselves live
//! below: the callback in `oauth-callback-server`, the requests in `token-client`
//! and `platform-api`, the file in `auth-store`.
//!
//! # Invariants
//!
//! - The port is bound before the URL is known to anybody.
//! - What can be found wrong without the person is found before the browser opens.
//! - The browser is told of a success only after the credentials are on disk, or the key is with
//!   whom it was made for.
//! - A code, an exchange and the creation of a key are never sent twice, unless the first provably
//!   did not arrive.

pub mod create_api_key;
mod error;
mod error_kind;
mod event;
pub mod openai;
pub mod pages;
pub mod platform;
mod restrictions;
mod seen;
mod server_cause;
pub mod sign_in;
pub mod stored;

pub use error::{Error, JsonWebToken, RevocationError, Undecided, Undelivered};
pub use error_kind::ErrorKind;
pub use event::{Event, Events};
pub use native_oauth::{
    Authorization, BrowserError, UserInput, UserInputs, can_open_browser, open_browser,
};
pub use oauth_callback_server::BindOptions;
pub use seen::Seen;
pub use server_cause::ServerCause;
