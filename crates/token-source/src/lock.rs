use std::time::Duration;

use crate::{Clock, Event, Holder, SharedStore, TryLock, WaitPolicy};

/// When a person would begin to wonder.
const NOTICE_AFTER: Duration = Duration::from_secs(2);

/// Takes the lock of `store`, or waits for it. The error says how long.
///
/// # Errors
///
/// [`LockError`].
pub async fn lock<S: SharedStore, F: Fn(Event) + ?Sized>(
    store: &S,
    clock: &impl Clock,
    events: &F,
) -> Result<S::Guard, LockError<S::Error>> {
    let mut wait = Wait::new(store.wait_policy());
    loop {
        match store.try_lock().await.map_err(LockError::Store)? {
            TryLock::Locked(guard) => return Ok(guard),
            TryLock::Held(holder) => {
                let waited = wait.pause(clock, events).await;
                waited.map_err(|waited| LockError::Busy { waited, holder })?;
            }
        }
    }
}

/// Why the lock could not be taken.
#[derive(Debug)]
pub enum LockError<E> {
    /// The store cannot be used.
    Store(E),
    /// Another process held the lock the whole time.
    Busy {
        /// How long this process waited.
        waited: Duration,
        /// That process, if the store knows it.
        holder: Option<Holder>,
    },
}

pub(crate) struct Wait {
    policy: WaitPolicy,
    waited: Duration,
    pause: Duration,
    is_noticed: bool,
}

impl Wait {
    pub(crate) fn new(policy: WaitPolicy) -> Self {
        Self { policy, waited: Duration::ZERO, pause: Duration::ZERO, is_noticed: false }
    }

    /// Waits longer each time, so that many waiting processes leave the machine to the one that works.
    /// The error is how long was waited in all.
    pub(crate) async fn pause<F: Fn(Event) + ?Sized>(
        &mut self,
        clock: &impl Clock,
        events: &F,
    ) -> Result<(), Duration> {
        if self.waited >= self.policy.timeout {
            return Err(self.waited);
        }
        if self.waited >= NOTICE_AFTER && !std::mem::replace(&mut self.is_noticed, true) {
            events(Event::WaitingForLock);
        }
        let WaitPolicy { shortest_pause, longest_pause, .. } = self.policy;
        self.pause = (self.pause * 2).max(shortest_pause).min(longest_pause);
        clock.sleep(self.pause).await;
        self.waited += self.pause;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use crate::LOCK_TIMEOUT;

    use jiff::Timestamp;

    /// It counts, and does not wait.
    #[derive(Default)]
    struct Pauses {
        longest: Cell<Duration>,
        total: Cell<Duration>,
    }

    impl Clock for Pauses {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        async fn sleep(&self, pause: Duration) {
            self.longest.set(self.longest.get().max(pause));
            self.total.set(self.total.get() + pause);
        }
    }

    /// So a process continues 50 ms after the lock is free, however long it waited.
    // threats 116
    #[test]
    fn lock_is_tried_every_50_ms_until_the_timeout() {
        let (mut wait, clock) = (Wait::new(WaitPolicy::default()), Pauses::default());
        let all = async { while wait.pause(&clock, &|_: Event| {}).await.is_ok() {} };
        assert_eq!(pin!(all).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
        assert_eq!(clock.longest.get(), Duration::from_millis(50));
        assert!(clock.total.get() >= LOCK_TIMEOUT, "{:?}", clock.total.get());
    }
}
