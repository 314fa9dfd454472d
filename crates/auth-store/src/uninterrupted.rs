use std::any::Any;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SendError, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use futures_channel::oneshot;

/// Runs a save in a thread, where it may block.
///
/// A save that has started is not interrupted: dropping the future waits for its end, at most one
/// second, so that Ctrl-C does not lose what a server has issued.
pub async fn uninterrupted<T: Send + 'static>(save: impl FnOnce() -> T + Send + 'static) -> T {
    uninterrupted_for(GRACE, save).await
}

/// The same for a save under the locks whose loss would end the sign-in. It may take as long as the
/// disk or the external store needs.
pub async fn uninterrupted_commit<T: Send + 'static>(
    save: impl FnOnce() -> T + Send + 'static,
) -> T {
    uninterrupted_for(EXTERNAL_GRACE, save).await
}

async fn uninterrupted_for<T: Send + 'static>(
    grace: Duration,
    save: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (saving, saved) = channel::<()>();
    let _until_saved = WaitOnDrop { saved, grace };
    let (done, outcome) = oneshot::channel();
    let save = move || {
        let outcome = save();
        drop(saving);
        // The receiver may be gone.
        let _ = done.send(outcome);
    };
    let thread = begin(save);
    match outcome.await {
        Ok(outcome) => outcome,
        Err(_) => resume_unwind(panic_of(thread)),
    }
}

/// If the system has no thread, the save runs here: it must not be lost.
fn begin(save: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let (hand_over, handed_over) = channel::<Save>();
    let work = move || handed_over.into_iter().for_each(|save| save());
    let thread = Builder::new().name("save".to_owned()).spawn(work).ok();
    if let Err(SendError(save)) = hand_over.send(Box::new(save)) {
        save();
    }
    thread
}

type Save = Box<dyn FnOnce() + Send>;

/// A save without a result has panicked.
fn panic_of(thread: Option<JoinHandle<()>>) -> Box<dyn Any + Send> {
    let panic = thread.and_then(|thread| thread.join().err());
    panic.unwrap_or_else(|| Box::new("a save ended without an outcome"))
}

struct WaitOnDrop {
    saved: Receiver<()>,
    grace: Duration,
}

/// A save takes milliseconds, unless another program holds the lock.
const GRACE: Duration = Duration::from_secs(1);

/// A read and a write of three seconds each, and a second attempt.
const EXTERNAL_GRACE: Duration = Duration::from_secs(13);

impl Drop for WaitOnDrop {
    fn drop(&mut self) {
        // Nothing is ever sent: the other end hangs up.
        let _ = self.saved.recv_timeout(self.grace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Waker};

    // threats 51
    #[test]
    fn drop_waits_for_a_started_save() {
        let (go, may_go) = channel::<()>();
        let (begin, has_begun) = channel();
        let saved = Arc::new(AtomicBool::new(false));
        let is_saved = saved.clone();
        let mut saving = Box::pin(uninterrupted(move || {
            let _ = begin.send(());
            let _ = may_go.recv();
            is_saved.store(true, Ordering::SeqCst);
        }));
        assert!(saving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        has_begun.recv().unwrap();
        drop(go);
        drop(saving);
        assert!(saved.load(Ordering::SeqCst));
    }
}
