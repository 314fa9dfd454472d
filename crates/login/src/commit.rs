use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tokio::task::spawn_blocking;

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
    let save = move || {
        let outcome = save();
        drop(saving);
        outcome
    };
    // It fails only where `save` panicked.
    spawn_blocking(save).await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
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
