//! A server with one response for every request.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_client::http::{Request, Response};
use http_client::{HttpClient, Options, Transport, TransportFuture};

#[derive(Debug)]
pub struct Server {
    status: u16,
    body: Vec<u8>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// A client of this server, and the number of requests that it has received.
    pub fn with_response(status: u16, body: &[u8]) -> (HttpClient, Arc<AtomicUsize>) {
        let requests = Arc::new(AtomicUsize::new(0));
        let server = Self { status, body: body.to_vec(), requests: requests.clone() };
        (HttpClient::with_transport(Options::new("fuzz/1.0"), server), requests)
    }
}

impl Transport for Server {
    fn send<'a>(&'a self, _: Request<&'a [u8]>, max_body: usize) -> TransportFuture<'a> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut response = Response::new(self.body[..self.body.len().min(max_body)].to_vec());
        *response.status_mut() = self.status.try_into().expect("a status");
        Box::pin(ready(Ok(response)))
    }
}

/// Runs a future whose clock jumps to the next deadline.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(future)
}
