use std::any::Any;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SendError, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

/// Runs a save where blocking is allowed, so that browsers and signals are heard meanwhile.
///
/// A save that has begun is not given up halfway: dropping the future waits for it, for a moment.
/// What was spent at a server must not be lost because somebody pressed Ctrl-C.
pub(crate) async fn commit<T: Send + 'static>(save: impl FnOnce() -> T + Send + 'static) -> T {
    commit_within(A_MOMENT, save).await
}

/// The same for a save whose locks are held, and whose loss would be the end of the sign-in: it is as
/// quick as the disk, or as the vault, which has deadlines of its own.
pub(crate) async fn commit_patiently<T: Send + 'static>(
    save: impl FnOnce() -> T + Send + 'static,
) -> T {
    commit_within(AS_LONG_AS_A_VAULT, save).await
}

async fn commit_within<T: Send + 'static>(
    goodbye: Duration,
    save: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (saving, saved) = channel::<()>();
    let _until_saved = WaitOnDrop { saved, goodbye };
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
    goodbye: Duration,
}

/// A save takes milliseconds, unless another program holds the lock.
const A_MOMENT: Duration = Duration::from_secs(1);

/// It is read once more, and written, each in three seconds at most; and perhaps tried again.
const AS_LONG_AS_A_VAULT: Duration = Duration::from_secs(13);

impl Drop for WaitOnDrop {
    fn drop(&mut self) {
        // Nothing is ever sent: the other end hangs up.
        let _ = self.saved.recv_timeout(self.goodbye);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    // threats 51
    #[tokio::test]
    async fn a_save_that_was_begun_is_finished_when_nobody_waits_for_it_any_more() {
        let (go, may_go) = channel::<()>();
        let (began, has_begun) = tokio::sync::oneshot::channel();
        let saved = Arc::new(AtomicBool::new(false));
        let is_saved = saved.clone();
        let save = move || {
            let _ = began.send(());
            let _ = may_go.recv();
            is_saved.store(true, Ordering::SeqCst);
        };
        let interrupted = async {
            let _ = has_begun.await;
            drop(go);
        };
        tokio::select! {
            biased;
            () = interrupted => {}
            () = commit(save) => {}
        }
        assert!(saved.load(Ordering::SeqCst));
    }
}
