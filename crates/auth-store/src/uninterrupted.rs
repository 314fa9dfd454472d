use std::time::Duration;

/// Runs a save in a thread, where it may block.
///
/// A save that has started is not interrupted: dropping the future waits for its end, at most one
/// second, so that Ctrl-C does not lose what a server has issued.
pub async fn uninterrupted<T: Send + 'static>(save: impl FnOnce() -> T + Send + 'static) -> T {
    shared_file::uninterrupted(GRACE, save).await
}

/// The same for a save under the locks whose loss would end the sign-in: dropping the future waits at most
/// 13 seconds. That is enough for an external store whose calls take three seconds each. On a terminal a
/// credential helper may have longer; if it uses that, the program may end before the save.
pub async fn uninterrupted_commit<T: Send + 'static>(
    save: impl FnOnce() -> T + Send + 'static,
) -> T {
    shared_file::uninterrupted(EXTERNAL_GRACE, save).await
}

/// A save takes milliseconds, unless another program holds the lock.
const GRACE: Duration = Duration::from_secs(1);

/// A read and a write of three seconds each, and a second attempt.
const EXTERNAL_GRACE: Duration = Duration::from_secs(13);
