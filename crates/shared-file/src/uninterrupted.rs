use std::any::Any;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SendError, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use futures_channel::oneshot;

/// Runs a write in a thread, where it may block.
///
/// A write that has started is not interrupted: dropping the future waits for its end, at most for
/// `grace`.
pub async fn uninterrupted<T: Send + 'static>(
    grace: Duration,
    write: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (saving, saved) = channel::<()>();
    let _until_saved = WaitOnDrop { saved, grace };
    let (done, outcome) = oneshot::channel();
    let write = move || {
        let outcome = write();
        drop(saving);
        // The receiver may be gone.
        let _ = done.send(outcome);
    };
    let thread = begin(write);
    match outcome.await {
        Ok(outcome) => outcome,
        Err(_) => resume_unwind(panic_of(thread)),
    }
}

/// If the system has no thread, the write runs here: it must not be lost.
fn begin(write: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let (hand_over, handed_over) = channel::<Write>();
    let work = move || handed_over.into_iter().for_each(|write| write());
    let thread = Builder::new().name("write".to_owned()).spawn(work).ok();
    if let Err(SendError(write)) = hand_over.send(Box::new(write)) {
        write();
    }
    thread
}

type Write = Box<dyn FnOnce() + Send>;

/// A write without a result has panicked.
fn panic_of(thread: Option<JoinHandle<()>>) -> Box<dyn Any + Send> {
    let panic = thread.and_then(|thread| thread.join().err());
    panic.unwrap_or_else(|| Box::new("a write ended without an outcome"))
}

struct WaitOnDrop {
    saved: Receiver<()>,
    grace: Duration,
}

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
    fn drop_waits_for_a_started_write() {
        let (go, may_go) = channel::<()>();
        let (begin, has_begun) = channel();
        let saved = Arc::new(AtomicBool::new(false));
        let is_saved = saved.clone();
        let mut saving = Box::pin(uninterrupted(Duration::from_secs(60), move || {
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
