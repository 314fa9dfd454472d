use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use super::Error;
use crate::signals;

/// Runs a call of the database on a thread, because this one may be that of a runtime. A signal ends it, unless
/// a single-use token is being spent.
pub(crate) fn run<T: Send, E: Into<Error> + Send>(
    work: impl Future<Output = Result<T, E>> + Send,
) -> Result<T, Error> {
    signals::watch();
    let _call = signals::Call::begin();
    let runtime = runtime()?;
    thread::scope(|scope| {
        let work = || runtime.block_on(until_cancelled(work));
        let thread = thread::Builder::new().spawn_scoped(scope, work);
        let outcome = thread.map_err(Error::Runtime)?.join();
        outcome.unwrap_or(Err(Error::Interrupted))
    })
}

/// A thread for the call that stores the answer to a refresh. When that is there, the system may have no thread
/// left, and the call must not fail.
#[derive(Debug)]
pub(super) struct ReservedThread(Sender<Work>);

type Work = Box<dyn FnOnce() + Send>;

impl ReservedThread {
    pub(super) fn start() -> Result<Self, Error> {
        let (hand_over, handed_over) = channel::<Work>();
        let work = move || handed_over.into_iter().for_each(|work| work());
        thread::Builder::new().spawn(work).map_err(Error::Runtime)?;
        Ok(Self(hand_over))
    }

    /// The same as [`run`]. `notice` is called if it takes longer than `patience`.
    pub(super) fn run<T: Send + 'static, E: Into<Error>>(
        self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
        patience: Duration,
        notice: impl FnOnce(),
    ) -> Result<T, Error> {
        let runtime = runtime()?;
        let (done, outcome) = channel();
        let work = move || {
            // The receiver stays.
            let _ = done.send(runtime.block_on(until_cancelled(work)));
        };
        // The thread waits for it.
        let _ = self.0.send(Box::new(work));
        let outcome = outcome.recv_timeout(patience).or_else(|error| match error {
            RecvTimeoutError::Timeout => {
                notice();
                outcome.recv().map_err(|_| Error::Interrupted)
            }
            RecvTimeoutError::Disconnected => Err(Error::Interrupted),
        });
        outcome?
    }
}

/// Its connections last as long as the program.
fn runtime() -> Result<&'static Runtime, Error> {
    /// Longer than a commit. The thread that looks up the name of the database stays for a later lookup.
    const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(60 * 60);
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let mut builder = Builder::new_current_thread();
    let builder = builder.enable_all().thread_keep_alive(THREAD_KEEP_ALIVE);
    let new = builder.build().map_err(Error::Runtime)?;
    Ok(RUNTIME.get_or_init(|| new))
}

async fn until_cancelled<T, E: Into<Error>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        outcome = work => outcome.map_err(Into::into),
        () = cancelled() => Err(Error::Interrupted),
    }
}

async fn cancelled() {
    const INTERVAL: Duration = Duration::from_millis(50);
    while !signals::cancels_helpers() {
        sleep(INTERVAL).await;
    }
}
