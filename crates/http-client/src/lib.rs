//! One HTTP policy for every request of a sign-in: TLS roots, proxy, deadlines, size caps, and no
//! redirects ([RFC 9700 §4.12](https://www.rfc-editor.org/rfc/rfc9700#section-4.12)).
//!
//! ```
#![doc = include_str!("../examples/ask.rs")]
//! ```
//!
//! A request is built ([`Request`], pure), sent (one place), and its [`Answer`] judged by the crate
//! that asked, since only that crate knows what a refusal means there.
//!
//! # What this crate does not do
//!
//! It knows neither OAuth nor the platform (`token-client`, `platform-api`), never asks twice by
//! itself ([`deliver_once`] does, where it is safe), and reads no environment variable: proxy and
//! [`Authorities`] are values in [`Options`]. Only the library that finds the system's authorities, on
//! Linux and its like, reads `SSL_CERT_FILE` and `SSL_CERT_DIR` by itself, where no others take their
//! place.
//!
//! # Invariants
//!
//! - No other crate names the HTTP library underneath.
//! - Nothing is built before the first request; [`HttpClient::check`] reads what a person has named.
//! - Plain `http` goes to loopback hosts only, and loopback never through a proxy.
//! - A redirect is an error: following one would hand code and verifier to whoever it names.
//! - An error names the host and the kind of failure, sorted by the types underneath and not by their
//!   text, and holds neither URL nor body.
//! - What a server says is repeated without the secrets that it was sent.

mod answer;
mod attempt;
mod authorities;
mod base_url;
mod cause;
mod client;
mod echo;
mod error;
mod once;
mod options;
mod probe;
mod proxy;
mod refusal;
mod request;
mod resolver;
mod tls;
mod tls_failure;

pub use answer::{Answer, DecodeError};
pub use authorities::{Authorities, BadAuthorities, Place};
pub use base_url::{BaseUrl, InvalidBaseUrl};
pub use cause::Cause;
pub use client::HttpClient;
pub use error::{Error, Phase};
pub use once::deliver_once;
pub use options::{Options, SetupError};
pub use probe::Probe;
pub use proxy::{BadProxy, Proxy, ProxyFailure};
pub use refusal::Refusal;
pub use request::Request;
pub use tls_failure::TlsFailure;
pub use url::Url;
