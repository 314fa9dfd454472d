use std::fmt;
use std::time::Duration;

use tokio::sync::watch;

use crate::Endpoint;
use crate::running::block_on;

/// All received requests, in order. Waiting for more does not poll.
pub(crate) struct Log<T>(watch::Sender<Vec<T>>);

impl<T: Clone + fmt::Debug + Send + Sync> Log<T> {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }

    pub(crate) fn add(&self, request: T) {
        self.0.send_modify(|requests| requests.push(request));
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    pub(crate) fn filter(&self, is_counted: impl Fn(&T) -> bool) -> Vec<T> {
        self.0.borrow().iter().filter(|request| is_counted(request)).cloned().collect()
    }

    /// Waits until `count` requests match.
    pub(crate) async fn wait(
        &self,
        at: &Endpoint,
        is_counted: impl Fn(&T) -> bool + Send + Sync,
        count: usize,
        within: Duration,
    ) -> Result<Vec<T>, RequestTimeout> {
        let mut requests = self.0.subscribe();
        let enough = |all: &Vec<T>| all.iter().filter(|it| is_counted(it)).count() >= count;
        match tokio::time::timeout(within, requests.wait_for(enough)).await {
            Ok(_) => Ok(self.filter(is_counted)),
            Err(_) => Err(self.request_timeout(at, count)),
        }
    }

    /// Like [`wait`](Self::wait), but blocks the thread.
    pub(crate) fn wait_blocking(
        &self,
        at: &Endpoint,
        is_counted: impl Fn(&T) -> bool + Send + Sync,
        count: usize,
        within: Duration,
    ) -> Result<Vec<T>, RequestTimeout> {
        let arrived = block_on(self.wait(at, is_counted, count, within));
        arrived.unwrap_or_else(|_| Err(self.request_timeout(at, count)))
    }

    fn request_timeout(&self, at: &Endpoint, wanted: usize) -> RequestTimeout {
        RequestTimeout { at: at.clone(), wanted, arrived: format!("{:?}", self.all()) }
    }
}

/// The expected requests did not arrive in time.
#[derive(Debug, thiserror::Error)]
#[error("{wanted} requests to {at:?} were expected; arrived: {arrived}")]
pub struct RequestTimeout {
    /// The expected endpoint; `Any` at a proxy.
    pub at: Endpoint,
    /// The expected count.
    pub wanted: usize,
    /// All received requests, without their secrets.
    pub arrived: String,
}
