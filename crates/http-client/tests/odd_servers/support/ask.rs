use std::time::{Duration, Instant};

use http_client::{Error, HttpClient, Options, Response};
use serde_json::{Value, json};

use super::Server;

/// Only tests of timeouts wait this long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// How much later than its deadline a request may end. As much as can be read without a pause is read
/// before anybody looks at the clock, and a build for tests takes its time for it.
const LATE: Duration = Duration::from_secs(10);

/// Options that trust this server.
pub(crate) fn options(server: &Server) -> Options {
    let system_ca_certificates = vec![server.authority()];
    Options { system_ca_certificates, timeout: DEADLINE, ..Options::new("a-test/1.0") }
}

pub(crate) fn client(options: Options) -> HttpClient {
    HttpClient::new(options)
}

/// Sends a request to this server, with a body limit of 64 KiB.
pub(crate) async fn ask(server: &Server) -> Result<Response, Error> {
    ask_within(DEADLINE, server).await
}

/// The same with its own timeout, which is checked.
pub(crate) async fn ask_within(timeout: Duration, server: &Server) -> Result<Response, Error> {
    let http = client(Options { timeout, ..options(server) });
    let begun = Instant::now();
    let outcome = http.get(server.base().join("/")).max_body(64 * 1024).send().await;
    assert!(begun.elapsed() < timeout + LATE, "{:?}", begun.elapsed());
    outcome
}

/// Asserts that the response is `{"ok":true}` with the status 200.
pub(crate) async fn works(server: Server, what: &str) -> Response {
    let answer = ask(&server).await.unwrap_or_else(|error| panic!("{what:.200}: {error:?}"));
    assert_eq!(answer.status(), 200, "{what:.200}");
    assert_eq!(answer.decode::<Value>().unwrap(), json!({"ok": true}), "{what:.200}");
    answer
}

/// Asserts that the response is invalid, and that the server may have processed the request.
pub(crate) async fn breaks(server: Server, what: &str) {
    let error = ask(&server).await.expect_err(what);
    assert!(matches!(error, Error::CutOff { .. }), "{what:.200}: {error:?}");
    assert!(!error.provably_not_sent(), "{what:.200}");
}
