use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;

use http::{Request, Response};

/// The HTTP client of a program, in place of the one of this crate
/// ([`HttpClient::with_transport`](crate::HttpClient::with_transport)).
///
/// ```
/// use http_client::http::{Request, Response};
/// use http_client::{HttpClient, Options, Transport, TransportFuture};
///
/// #[derive(Debug)]
/// struct InMemory;
///
/// impl Transport for InMemory {
///     fn send<'a>(&'a self, request: Request<&'a [u8]>, max_body: usize) -> TransportFuture<'a> {
///         assert_eq!((request.method().as_str(), max_body), ("GET", 1024));
///         Box::pin(async { Ok(Response::new(br#"{"ok":true}"#.to_vec())) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let http = HttpClient::with_transport(Options::new("a-test/1.0"), InMemory);
/// let response = http.get("https://id.example.com/".parse()?).max_body(1024).send().await?;
/// assert_eq!(response.body(), br#"{"ok":true}"#);
/// # Ok(())
/// # }
/// ```
///
/// `examples/own_reqwest_client.rs` is the implementation for `reqwest`.
///
/// The crate still refuses plain http, redirects and bodies that are too large, applies the total timeout,
/// wipes the bodies that it holds, and hides the secrets of the request in errors. The implementation
/// guarantees the rest:
///
/// - It checks the server's certificate, and sends the request to no other server: it follows no redirect,
///   adds no cookie, and does not repeat the request. It sends a request to `localhost` or a name under it
///   to a loopback address, without a proxy.
/// - It stops after `max_body` bytes of the body, and after a silence.
/// - It logs no header and no body, and wipes its copies as far as it can.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends the request, and returns the complete response. Dropping the future cancels the request.
    ///
    /// # Errors
    ///
    /// [`TransportError`] says whether the request may have reached the server.
    fn send<'a>(&'a self, request: Request<&'a [u8]>, max_body: usize) -> TransportFuture<'a>;
}

/// The result of [`Transport::send`].
pub type TransportFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, TransportError>> + Send + 'a>>;

/// Why a [`Transport`] has no response.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The server has certainly not received the request, so a single-use code is not spent and the
    /// request can be repeated.
    #[error("there is no connection")]
    NotSent(#[source] Box<dyn StdError + Send + Sync>),
    /// The server may have received the request.
    #[error("the connection ended early")]
    Interrupted(#[source] Box<dyn StdError + Send + Sync>),
}
