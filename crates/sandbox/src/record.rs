use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Notify;

use crate::Endpoint;

/// A request as it arrived, whole.
///
/// `Debug` shows neither the query nor the headers nor the body: a failing test would print the
/// secrets in them.
#[derive(Clone)]
pub struct Recorded {
    /// The number of the connection it came on; requests with the same number shared one.
    pub connection: u64,
    /// The endpoint it is for.
    pub endpoint: Endpoint,
    /// The method.
    pub method: String,
    /// The path as it was sent, percent signs and all.
    pub path: String,
    /// The query as it was sent.
    pub query: Option<String>,
    /// The headers, names in lower case, in the order they arrived.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The version of HTTP.
    pub version: hyper::Version,
}

impl Recorded {
    /// The first header of this name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The parameters of the query, decoded, in their order.
    #[must_use]
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        pairs(self.query.as_deref().unwrap_or_default().as_bytes())
    }

    /// The body as a form (`application/x-www-form-urlencoded`), decoded, in its order.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }

    /// The body as JSON, when it is JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The segments of the path, each decoded; none when one of them is not UTF-8.
    pub(crate) fn segments(&self) -> Option<Vec<String>> {
        let segments = self.path.split('/').skip(1);
        segments.map(|segment| urlencoding::decode(segment).ok().map(Into::into)).collect()
    }
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(encoded).into_owned().collect()
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, endpoint, .. } = self;
        write!(f, "{method} {path} ({endpoint:?}, {} bytes)", self.body.len())
    }
}

/// Everything that arrived, and those who wait for more. One wakes by a condition variable and the
/// other by a task's waker, so that neither kind of test has to poll.
#[derive(Default)]
pub(crate) struct Log {
    requests: Mutex<Vec<Recorded>>,
    for_threads: Condvar,
    for_tasks: Notify,
}

impl Log {
    pub(crate) fn add(&self, request: Recorded) {
        self.lock().push(request);
        self.for_threads.notify_all();
        self.for_tasks.notify_waiters();
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.lock().clone()
    }

    pub(crate) async fn arrived(
        &self,
        at: &Endpoint,
        count: usize,
        within: Duration,
    ) -> Result<Vec<Recorded>, NotArrived> {
        let enough = async {
            loop {
                // Registered before looking: what arrives in between is not missed.
                let more = self.for_tasks.notified();
                let found = self.covered_by(at);
                if found.len() >= count {
                    return found;
                }
                more.await;
            }
        };
        let outcome = tokio::time::timeout(within, enough).await;
        outcome.map_err(|_| self.not_arrived(at, count))
    }

    pub(crate) fn wait_for(
        &self,
        at: &Endpoint,
        count: usize,
        within: Duration,
    ) -> Result<Vec<Recorded>, NotArrived> {
        let deadline = Instant::now() + within;
        let mut requests = self.lock();
        loop {
            let found = covered(&requests, at);
            if found.len() >= count {
                return Ok(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(requests);
                return Err(self.not_arrived(at, count));
            }
            let woken = self.for_threads.wait_timeout(requests, left);
            requests = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(crate) fn covered_by(&self, at: &Endpoint) -> Vec<Recorded> {
        covered(&self.lock(), at)
    }

    fn not_arrived(&self, at: &Endpoint, count: usize) -> NotArrived {
        NotArrived { at: at.clone(), wanted: count, arrived: self.all() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn covered(requests: &[Recorded], at: &Endpoint) -> Vec<Recorded> {
    let covered = requests.iter().filter(|request| at.covers(request));
    covered.cloned().collect()
}

/// The requests that were waited for did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("{wanted} requests to {at:?} were waited for; what came: {arrived:?}")]
pub struct NotArrived {
    /// Where they should have arrived.
    pub at: Endpoint,
    /// How many.
    pub wanted: usize,
    /// Everything that did arrive, wherever.
    pub arrived: Vec<Recorded>,
}
