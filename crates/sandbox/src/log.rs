use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// All received requests. Waiting threads are woken by a condition variable, waiting tasks by a
/// waker, so that no test polls.
pub(crate) struct Log<T> {
    entries: Mutex<Vec<T>>,
    for_threads: Condvar,
    for_tasks: Notify,
}

impl<T: Clone> Log<T> {
    pub(crate) fn add(&self, entry: T) {
        self.lock().push(entry);
        self.for_threads.notify_all();
        self.for_tasks.notify_waiters();
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.lock().clone()
    }

    /// Waits until `count` entries match; `None` on timeout.
    pub(crate) async fn wait_for_requests(
        &self,
        kind: impl Fn(&T) -> bool,
        count: usize,
        within: Duration,
    ) -> Option<Vec<T>> {
        let enough = async {
            loop {
                // Registered before the check, so that no entry is missed.
                let more = self.for_tasks.notified();
                let found = self.filter(&kind);
                if found.len() >= count {
                    return found;
                }
                more.await;
            }
        };
        tokio::time::timeout(within, enough).await.ok()
    }

    /// Like [`wait_for_requests`](Self::wait_for_requests), but blocks the thread.
    pub(crate) fn wait_for_requests_blocking(
        &self,
        kind: impl Fn(&T) -> bool,
        count: usize,
        within: Duration,
    ) -> Option<Vec<T>> {
        let deadline = Instant::now() + within;
        let mut entries = self.lock();
        loop {
            let found = filtered(&entries, &kind);
            if found.len() >= count {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let woken = self.for_threads.wait_timeout(entries, left);
            entries = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(crate) fn filter(&self, kind: impl Fn(&T) -> bool) -> Vec<T> {
        filtered(&self.lock(), kind)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not derived, because the derived one would require `Default` for the entries.
impl<T> Default for Log<T> {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            for_threads: Condvar::default(),
            for_tasks: Notify::new(),
        }
    }
}

fn filtered<T: Clone>(entries: &[T], kind: impl Fn(&T) -> bool) -> Vec<T> {
    entries.iter().filter(|entry| kind(entry)).cloned().collect()
}
