//! Sends the requests with the `reqwest` client of a program, in place of the one of this crate.

use std::error::Error;
use std::time::Duration;

use http_client::http::{Request, Response};
use http_client::{BaseUrl, HttpClient, Options, Transport, TransportError, TransportFuture};
use sandbox::{Sandbox, Scenario};

/// A client that follows no redirect, since a redirect would send the code to another server.
#[derive(Debug)]
struct Reqwest(reqwest::Client);

impl Transport for Reqwest {
    fn send<'a>(&'a self, request: Request<&'a [u8]>, max_body: usize) -> TransportFuture<'a> {
        Box::pin(async move {
            let request = request.map(<[u8]>::to_vec).try_into().map_err(failed)?;
            let mut received = self.0.execute(request).await.map_err(failed)?;
            let mut response = Response::new(Vec::new());
            *response.status_mut() = received.status();
            *response.headers_mut() = received.headers().clone();
            // One byte too many is enough for an error.
            while response.body().len() <= max_body {
                let Some(chunk) = received.chunk().await.map_err(failed)? else { break };
                response.body_mut().extend_from_slice(&chunk);
            }
            Ok(response)
        })
    }
}

/// Nothing was sent if the request is invalid, or if there is no connection.
fn failed(error: reqwest::Error) -> TransportError {
    // A URL can hold a secret.
    let error = error.without_url();
    if error.is_builder() || error.is_connect() {
        TransportError::NotSent(error.into())
    } else {
        TransportError::Interrupted(error.into())
    }
}

#[expect(clippy::disallowed_methods, reason = "a program chooses its HTTP client")]
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    // Stands in for https://id.example.com.
    let sandbox = Sandbox::start(Scenario::default()).await?;
    let issuer: BaseUrl = sandbox.issuer_url().parse()?;

    // For the feature `rustls-no-provider` of reqwest; by default, reqwest has a provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // A proxy of the environment would also have the requests to loopback addresses.
        .no_proxy()
        .resolve("localhost", ([127, 0, 0, 1], 0).into())
        .read_timeout(Duration::from_secs(15))
        .build()?;
    let http = HttpClient::with_transport(Options::new("my-app/1.0"), Reqwest(client));
    let response = http.get(issuer.join("/.well-known/openid-configuration")).send().await?;
    assert_eq!(response.decode::<serde_json::Value>()?["issuer"], issuer.as_str());

    let nothing = http.get("http://127.0.0.1:1/".parse()?).send().await;
    assert!(nothing.is_err_and(|error| error.provably_not_sent()));
    Ok(())
}
