//! One HTTP policy for every request of a sign-in: TLS roots, proxy, deadlines, size caps, and no
//! redirects ([RFC 9700 §4.12](https://www.rfc-editor.org/rfc/rfc9700#section-4.12)).
//!
//! ```
#![doc = include_str!("../examples/ask.rs")]
//! ```
//!
//! A request is built ([`Request`], pure), sent (one place), and its [`Response`] judged by the crate
//! that asked, since only that crate knows what a refusal means there.
//!
//! # What this crate does not do
//!
//! It knows neither OAuth nor the platform (`token-client`, `platform-api`), never asks twice by
//! itself ([`retry_if_not_sent`] does, where it is safe), and reads no environment variable: proxy and
//! [`CaCertificates`] are values in [`Options`]. Only the library that finds the system's authorities, on
//! Linux and its like, reads `SSL_CERT_FILE` and `SSL_CERT_DIR` by itself, where no others take their
//! place.
//!
//! # Invariants
//!
//! - No other crate names the HTTP library underneath.
//! - Nothing is built before the first request; [`HttpClient::check`] reads what a person has named.
//! - Plain `http` goes to loopback hosts only, and loopback never through a proxy.
//! - A redirect is an error: following one would send code and verifier to another server.
//! - An error names the host and the kind of failure, sorted by the types underneath and not by their
//!   text, and holds neither URL nor body.
//! - What a server says is repeated without the secrets that it was sent.

mod attempt;
mod base_url;
mod ca_certificates;
mod client;
mod error;
mod error_response;
mod options;
mod probe;
mod proxy;
mod redact;
mod request;
mod resolver;
mod response;
mod retry;
mod root_cause;
mod setup_error;
mod tls;
mod tls_failure;

pub use base_url::{BaseUrl, InvalidBaseUrl};
pub use ca_certificates::{CaCertificates, CaSource, InvalidCaCertificates};
pub use client::HttpClient;
pub use error::{Error, ErrorKind, Phase};
pub use error_response::ErrorResponse;
pub use options::Options;
pub use probe::Probe;
pub use proxy::{Proxy, ProxyFailure};
pub use request::Request;
pub use response::{DecodeError, Response};
pub use retry::retry_if_not_sent;
pub use root_cause::RootCause;
pub use setup_error::{BadProxy, SetupError};
pub use tls_failure::TlsFailure;
pub use url::Url;
