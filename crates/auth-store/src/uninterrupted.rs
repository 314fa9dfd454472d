use std::any::Any;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SendError, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use futures_channel::oneshot;

/// Runs a save in a thread, where it may block. The runtime stays free for browsers and signals.
///
/// A save that has begun is not stopped halfway: dropping the future waits until it has ended, for one
/// second at most. What was spent at a server must not be lost to Ctrl-C.
pub async fn uninterrupted<T: Send + 'static>(save: impl FnOnce() -> T + Send + 'static) -> T {
    uninterrupted_for(GRACE, save).await
}

/// The same for a save that holds the locks already, and whose loss would end the sign-in: it takes as
/// long as the disk, or as the external store, which has deadlines of its own.
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
        // Nobody may wait for it any more.
        let _ = done.send(outcome);
    };
    let thread = begin(save);
    match outcome.await {
        Ok(outcome) => outcome,
        Err(_) => resume_unwind(panic_of(thread)),
    }
}

/// Where the system has no thread to give, the save is made here: what it is for is spent already, so
/// that everything else has to wait.
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

/// A save without an outcome has panicked.
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

/// It is read once more, and written, each in three seconds at most; and perhaps tried again.
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
    fn dropping_the_future_waits_for_a_save_that_has_begun() {
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
