use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout_at};

/// Runs what may block or hang on a thread that can be left behind.
pub(crate) fn on_thread<T: Send + 'static>(
    check: impl FnOnce() -> Vec<T> + Send + 'static,
) -> JoinHandle<Vec<T>> {
    // One type for all of them, so that the runtime's code for it is compiled once.
    let check: Box<dyn FnOnce() -> Vec<T> + Send> = Box::new(check);
    spawn_blocking(check)
}

/// What a check found, or that it took too long.
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
