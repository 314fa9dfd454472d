use std::time::{Duration, Instant};

use http_client::{Error, HttpClient, Options, Response};
use serde_json::{Value, json};

use super::Server;

/// Only tests of timeouts wait this long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// How much later than its timeout a request may end. The client reads all available data before it
/// checks the clock, and a debug build is slow.
const TOLERANCE: Duration = Duration::from_secs(10);

/// Options that trust this server.
pub(crate) fn options(server: &Server) -> Options {
    let system_ca_certificates = vec![server.authority()];
    Options { system_ca_certificates, timeout: DEADLINE, ..Options::new("a-test/1.0") }
}

pub(crate) fn client(options: Options) -> HttpClient {
    HttpClient::new(options)
}

/// Sends a request to this server, with a body limit of 64 KiB.
pub(crate) async fn send(server: &Server) -> Result<Response, Error> {
    send_within(DEADLINE, server).await
}

/// The same with its own timeout, which is checked.
pub(crate) async fn send_within(timeout: Duration, server: &Server) -> Result<Response, Error> {
    let http = client(Options { timeout, ..options(server) });
    let start = Instant::now();
    let outcome = http.get(server.base().join("/")).max_body(64 * 1024).send().await;
    assert!(start.elapsed() < timeout + TOLERANCE, "{:?}", start.elapsed());
    outcome
}

/// Asserts that the response is `{"ok":true}` with the status 200.
pub(crate) async fn assert_valid(server: Server, what: &str) -> Response {
    let response = send(&server).await.unwrap_or_else(|error| panic!("{what:.200}: {error:?}"));
    assert_eq!(response.status(), 200, "{what:.200}");
    assert_eq!(response.decode::<Value>().unwrap(), json!({"ok": true}), "{what:.200}");
    response
}

/// Asserts that the response is invalid, and that the server may have processed the request.
pub(crate) async fn assert_cut_off(server: Server, what: &str) {
    let error = send(&server).await.expect_err(what);
    assert!(matches!(error, Error::CutOff { .. }), "{what:.200}: {error:?}");
    assert!(!error.provably_not_sent(), "{what:.200}");
}
