use std::fmt;
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use super::CallError;

/// How calls of the database are run: each on a thread, because that of the caller may be one of a runtime.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// Called when a call begins, and when the row is claimed. What it returns is dropped at the end of the call, or of
    /// the claim.
    pub begin: fn() -> Box<dyn fmt::Debug + Send>,
    /// Whether a call has to end, such as after a signal. It is asked every 50 ms. While a refresh token is being used, it
    /// should return false.
    pub is_cancelled: fn() -> bool,
}

impl Calls {
    /// Runs a call, and returns when it has ended.
    ///
    /// # Errors
    ///
    /// That of the call, [`CallError::Interrupted`] or [`CallError::Runtime`].
    pub fn run<T: Send, E: Into<CallError> + Send>(
        self,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, CallError> {
        let _call = (self.begin)();
        let runtime = runtime()?;
        thread::scope(|scope| {
            let work = || runtime.block_on(self.until_cancelled(work));
            let thread = thread::Builder::new().spawn_scoped(scope, work);
            let outcome = thread.map_err(CallError::Runtime)?.join();
            outcome.unwrap_or(Err(CallError::Interrupted))
        })
    }

    async fn until_cancelled<T, E: Into<CallError>>(
        self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, CallError> {
        tokio::select! {
            biased;
            outcome = work => outcome.map_err(Into::into),
            () = self.cancelled() => Err(CallError::Interrupted),
        }
    }

    async fn cancelled(self) {
        const INTERVAL: Duration = Duration::from_millis(50);
        while !(self.is_cancelled)() {
            sleep(INTERVAL).await;
        }
    }
}

/// A thread for the call that stores the answer to a refresh. When that is there, the system may have no thread
/// left, and the call must not fail.
#[derive(Debug)]
pub(super) struct ReservedThread(Sender<Work>);

type Work = Box<dyn FnOnce() + Send>;

impl ReservedThread {
    pub(super) fn start() -> Result<Self, CallError> {
        let (hand_over, handed_over) = channel::<Work>();
        let work = move || handed_over.into_iter().for_each(|work| work());
        thread::Builder::new().spawn(work).map_err(CallError::Runtime)?;
        Ok(Self(hand_over))
    }

    /// The same as [`Calls::run`]. `notice` is called if it takes longer than `patience`.
    pub(super) fn run<T: Send + 'static, E: Into<CallError>>(
        self,
        calls: Calls,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
        patience: Duration,
        notice: impl FnOnce(),
    ) -> Result<T, CallError> {
        let runtime = runtime()?;
        let (done, outcome) = channel();
        let work = move || {
            // The receiver stays.
            let _ = done.send(runtime.block_on(calls.until_cancelled(work)));
        };
        // The thread waits for it.
        let _ = self.0.send(Box::new(work));
        let outcome = outcome.recv_timeout(patience).or_else(|error| match error {
            RecvTimeoutError::Timeout => {
                notice();
                outcome.recv().map_err(|_| CallError::Interrupted)
            }
            RecvTimeoutError::Disconnected => Err(CallError::Interrupted),
        });
        outcome?
    }
}

/// Its connections last as long as the program.
fn runtime() -> Result<&'static Runtime, CallError> {
    /// Longer than a commit. The thread that looks up the name of the database stays for a later lookup.
    const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(60 * 60);
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let mut builder = Builder::new_current_thread();
    let builder = builder.enable_all().thread_keep_alive(THREAD_KEEP_ALIVE);
    let new = builder.build().map_err(CallError::Runtime)?;
    Ok(RUNTIME.get_or_init(|| new))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::sync::oneshot;

    use super::*;
    use crate::Error;

    fn calls(is_cancelled: fn() -> bool) -> Calls {
        Calls { begin: || Box::new(()), is_cancelled }
    }

    #[test]
    fn call_ends_when_it_is_cancelled_and_a_result_counts_all_the_same() {
        let cancelled = calls(|| true);
        let outcome = cancelled.run(pending::<Result<(), Error>>());
        assert!(matches!(outcome, Err(CallError::Interrupted)), "{outcome:?}");
        assert_eq!(cancelled.run(ready(Ok::<_, Error>(1))).unwrap(), 1);
    }

    #[test]
    fn reserved_thread_says_that_a_call_takes_long() {
        let (thread, (go, gone)) = (ReservedThread::start().unwrap(), oneshot::channel());
        let slow = async { Ok::<_, Error>(gone.await.unwrap()) };
        let notice = || go.send(1).unwrap();
        let outcome = thread.run(calls(|| false), slow, Duration::ZERO, notice);
        assert_eq!(outcome.unwrap(), 1);
    }
}
