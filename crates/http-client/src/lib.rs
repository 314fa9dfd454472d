//! One HTTP policy for every request of a sign-in: TLS roots, proxy, timeouts, size limits, and no
//! redirects ([RFC 9700 §4.12](https://www.rfc-editor.org/rfc/rfc9700#section-4.12)).
//!
//! ```
#![doc = include_str!("../examples/ask.rs")]
//! ```
//!
//! A request is built ([`Request`], pure), sent (one place), and its [`Response`] is interpreted by
//! the calling crate, since the meaning of an error depends on the endpoint. A program with an HTTP
//! client of its own, or a test, brings it as a [`Transport`].
//!
//! # What this crate does not do
//!
//! It knows neither OAuth nor the platform (`token-client`, `platform-api`), never retries by
//! itself ([`retry_if_not_sent`] does, when it is safe), and reads no environment variable: proxy
//! and [`CaCertificates`] are values in [`Options`]. On Linux and similar systems, the library that
//! finds the system's CA certificates reads `SSL_CERT_FILE` and `SSL_CERT_DIR`, unless they are
//! replaced by an option.
//!
//! # Invariants
//!
//! - No other crate uses the HTTP library directly.
//! - Nothing is built before the first request; [`HttpClient::check`] reads the files that the user
//!   named.
//! - Plain `http` is sent to loopback addresses only, and loopback bypasses the proxy.
//! - A redirect is an error: following it would send the code and the verifier to another server.
//! - An error names the host and the kind of failure, classified by the types of its sources and
//!   not by their text. It contains neither URL nor body.
//! - A server's error text is shown without the secrets of the request.

mod attempt;
mod base_url;
mod ca_certificates;
mod client;
mod connect_limit;
mod error;
mod error_response;
mod form_body;
mod options;
mod probe;
mod proxy;
mod redact;
mod request;
mod request_failure;
mod resolver;
mod response;
mod retry;
mod root_cause;
mod setup_error;
mod tls;
mod tls_failure;
mod transport;
mod uptime;

pub use ::http;
pub use base_url::{BaseUrl, InvalidBaseUrl, is_loopback, is_secure};
pub use ca_certificates::{CaCertificates, CaSource, InvalidCaCertificates};
pub use client::HttpClient;
pub use error::{Error, ErrorKind, Phase};
pub use error_response::ErrorResponse;
pub use options::Options;
pub use probe::Probe;
pub use proxy::{Proxy, ProxyFailure};
pub use request::Request;
pub use request_failure::RequestFailure;
pub use response::{DecodeError, Response};
pub use retry::{RetryWindow, retry_if_not_sent};
pub use root_cause::RootCause;
pub use setup_error::{BadProxy, SetupError};
pub use tls_failure::TlsFailure;
pub use transport::{Transport, TransportError, TransportFuture};
pub use url::Url;
