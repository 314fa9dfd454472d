//! A browser sign-in for a native app, with any OAuth provider
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)): it opens the authorization URL, receives the
//! callback on a loopback port, and exchanges the code for tokens, with PKCE
//! ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)).
//!
//! ```no_run
#![doc = include_str!("../examples/quick_start.rs")]
//! ```
//!
//! With `token-store`, the program stays signed in:
//!
//! ```no_run
#![doc = include_str!("../examples/stay_signed_in.rs")]
//! ```
//!
//! [`Provider::new`] is for a provider without metadata. [`SignIn::run`] is the whole sign-in.
//! [`SignIn::start`] returns a [`PendingSignIn`] instead, for a program that shows the URL, takes a pasted
//! URL ([`UserInput`]) or reports progress ([`Event`]). [`SignIn::run_by_device_code`] needs no browser on
//! this machine ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)). [`ProtectedResource`] and
//! [`Provider::register`] need no client id: `examples/mcp.rs` signs in to an MCP server. Store the
//! registration ([`RegisteredClient::as_json`]) and the endpoints ([`ProviderMetadata`]). [`Authorization`]
//! is the part below, for a provider with exchanges or device codes of its own. After the sign-in,
//! [`Client::refresh`] and [`Client::revoke`] are for the tokens, and [`TokenResponse::claims`] says who signed in.
//! `examples/presets.rs` has what some well-known providers need, as data to copy.
//!
//! # What this crate does not do
//!
//! It stores no token (`token-store`) and requests no user information. It reads no
//! environment and prints nothing. The library behind [`open_browser`] is the exception: on Linux it reads
//! `BROWSER`, and starts the program that it names.
//!
//! # Invariants
//!
//! - The secrets exist before the port is open, and the port is open before the URL exists.
//! - Before the wait begins, nothing is sent but a pushed request and, to verify a signature, the request
//!   for the keys.
//! - A callback counts only with the right `state`, and an `iss` must equal the issuer, or be that of a tenant
//!   ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
//! - A code is sent once, unless the first attempt was never sent, or, with a [`DpopKey`], the server asks for a nonce.
//! - The claims of an ID token are validated, and it has the `nonce` of the request
//!   ([OpenID Connect Core
//!   §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation)). No request
//!   follows one that is refused.
//! - The browser shows success only after the exchange and these checks.

mod pending_sign_in;
mod sign_in;

mod authorization;
mod device_grant;

mod background;
mod browser;
mod browser_launch;
mod connection_warmer;
mod race;
mod user_input;

mod error;
mod event;

pub use authorization::{Authorization, CodeGrant, Grant, RequestParameters, WaitOptions};
pub use browser::{BrowserError, can_open_browser, open_browser};
pub use credentials::{AccessToken, Claims, ClientSecret, IdToken, RefreshToken};
pub use device_grant::{DeviceFlow, StandardDeviceFlow, wait_for_approval};
pub use error::{Error, ErrorKind};
pub use event::Event;
pub use http_client::{HttpClient, Options, Transport, TransportError, TransportFuture, Url, http};
pub use oauth_callback_server::{
    BindError, BindOptions, BrowserResponder, CallbackParameters, InvalidCallbackUrl, Page, Pages,
    RedirectHost, RejectedCallback, State, WaitError,
};
pub use pending_sign_in::PendingSignIn;
pub use sign_in::SignIn;
pub use token_client::{
    AdditionalFields, ClientAuthentication, ClientMetadata, DeviceAuthorization, DevicePoll,
    DiscoveryError, DpopKey, Error as TokenError, InvalidIdToken, InvalidMetadata, Issuer, JwkSet,
    ProtectedResource, Provider, ProviderMetadata, RefreshResponse, RegisteredClient,
    RegistrationError, Revocable, TokenClient as Client, TokenResponse,
};
pub use user_input::{UserInput, UserInputs};

pub use {credentials, http_client, oauth_callback_server, pkce, token_client};
