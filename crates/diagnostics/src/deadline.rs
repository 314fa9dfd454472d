use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout_at};

/// Runs a check that may block on a thread, which may outlive the run.
pub(crate) fn spawn_blocking_check<T: Send + 'static>(
    check: impl FnOnce() -> Vec<T> + Send + 'static,
) -> JoinHandle<Vec<T>> {
    // A boxed closure, so that the runtime's generic code is compiled once.
    let check: Box<dyn FnOnce() -> Vec<T> + Send> = Box::new(check);
    spawn_blocking(check)
}

/// The results of a check, or its timeout.
pub(crate) async fn within<T>(
    checks: JoinHandle<Vec<T>>,
    deadline: Instant,
    timed_out: fn() -> T,
) -> Vec<T> {
    match timeout_at(deadline, checks).await {
        Ok(Ok(checks)) => checks,
        _ => vec![timed_out()],
    }
}
