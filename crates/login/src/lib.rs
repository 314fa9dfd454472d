//! The two sign-ins of OpenAI, [sign in with ChatGPT](sign_in) and [create a project API
//! key](create_api_key) in [a session of the platform](platform), and [the life of a stored
//! sign-in](stored). Both run on `native-oauth`: the authorization code flow of a native app
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)) with PKCE.
//!
//! Each flow has two phases. `start` opens the port and returns the URL; it sends nothing. `finish` waits
//! for the callback, does the rest, and shows the outcome in the browser. During the wait, the person can
//! also paste the URL of the callback or ask for a device code ([`UserInput`]).
//!
//! ```
#![doc = include_str!("../examples/sign_in_with_chatgpt.rs")]
//! ```
//!
//! # What this crate does not do
//!
//! It prints nothing, reads no environment and starts no program: progress is an [`Event`], and the clock
//! and the function that opens the browser are parameters. [`open_browser`] is the exception: on Linux,
//! the library behind it reads `BROWSER`, and starts the program that it names. The wait for the person
//! is in `native-oauth`, the requests are in `token-client` and `platform-api`, and the file is in
//! `auth-store`.
//!
//! # Invariants
//!
//! - The port is open before the URL exists.
//! - Every problem that can be found without the person is found before the browser opens.
//! - The browser shows success only after the credentials are stored, or the key is delivered.
//! - A code, an exchange and the creation of a key are sent once, unless the first attempt was never sent.

pub mod create_api_key;
mod error;
mod event;
pub mod openai;
pub mod pages;
pub mod platform;
mod search_summary;
pub mod sign_in;
pub mod stored;

pub use error::{DeliveryError, Error, RevocationError};
pub use event::{Event, Events};
pub use native_oauth::{
    Authorization, BrowserError, Error as OAuthError, ErrorKind as OAuthErrorKind,
    Event as OAuthEvent, UserInput, UserInputs, can_open_browser, open_browser,
};
pub use oauth_callback_server::{BindOptions, RedirectHost};
pub use search_summary::SearchSummary;
pub use token_source::{Event as RefreshEvent, LOCK_TIMEOUT};
