use std::time::Duration;

use jiff::Timestamp;

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
    let mut wait = Wait::new(store.wait_policy(), clock.now());
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
#[derive(Debug, thiserror::Error)]
pub enum LockError<E> {
    /// The store cannot be used.
    #[error(transparent)]
    Store(E),
    /// Another process held the lock the whole time.
    #[error("another program has held the lock for {waited:.0?}")]
    Busy {
        /// How long this process waited.
        waited: Duration,
        /// That process, if the store knows it.
        holder: Option<Holder>,
    },
}

pub(crate) struct Wait {
    policy: WaitPolicy,
    since: Timestamp,
    paused: Duration,
    pause: Duration,
    is_noticed: bool,
}

impl Wait {
    pub(crate) fn new(policy: WaitPolicy, now: Timestamp) -> Self {
        let (paused, pause) = (Duration::ZERO, Duration::ZERO);
        Self { policy, since: now, paused, pause, is_noticed: false }
    }

    /// Waits longer each time, so that many waiting processes leave the machine to the one that works.
    /// The error is how long was waited in all.
    pub(crate) async fn pause<F: Fn(Event) + ?Sized>(
        &mut self,
        clock: &impl Clock,
        events: &F,
    ) -> Result<(), Duration> {
        let waited = self.waited(clock.now());
        if waited >= self.policy.timeout {
            return Err(waited);
        }
        if waited >= NOTICE_AFTER && !std::mem::replace(&mut self.is_noticed, true) {
            events(Event::WaitingForLock);
        }
        let WaitPolicy { shortest_pause, longest_pause, .. } = self.policy;
        self.pause = (self.pause * 2).max(shortest_pause).min(longest_pause);
        clock.sleep(self.pause).await;
        self.paused += self.pause;
        Ok(())
    }

    /// A read of the store also takes time. The pauses count if the clock was set back.
    fn waited(&self, now: Timestamp) -> Duration {
        let elapsed = now.duration_since(self.since);
        self.paused.max(elapsed.try_into().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::Mutex;
    use std::task::{Context, Poll, Waker};

    use crate::LOCK_TIMEOUT;

    /// It counts, and does not wait. Each look at its time takes `read`.
    #[derive(Default)]
    struct Pauses {
        read: Duration,
        reads: Mutex<u32>,
        longest: Mutex<Duration>,
        total: Mutex<Duration>,
    }

    impl Clock for Pauses {
        fn now(&self) -> Timestamp {
            let mut reads = self.reads.lock().unwrap();
            *reads += 1;
            Timestamp::UNIX_EPOCH + self.read * *reads
        }

        async fn sleep(&self, pause: Duration) {
            let mut longest = self.longest.lock().unwrap();
            *longest = pause.max(*longest);
            *self.total.lock().unwrap() += pause;
        }
    }

    /// So a process continues 50 ms after the lock is free, however long it waited.
    // threats 116
    #[test]
    fn lock_is_tried_every_50_ms_until_the_timeout() {
        let clock = Pauses::default();
        wait_until_the_end(&clock);
        assert_eq!(*clock.longest.lock().unwrap(), Duration::from_millis(50));
        assert!(*clock.total.lock().unwrap() >= LOCK_TIMEOUT, "{:?}", clock.total);
    }

    #[test]
    fn slow_reads_count_as_waiting() {
        let clock = Pauses { read: Duration::from_secs(10), ..Pauses::default() };
        assert_eq!(wait_until_the_end(&clock), Duration::from_secs(50));
        assert!(*clock.total.lock().unwrap() < Duration::from_secs(1), "{:?}", clock.total);
    }

    #[track_caller]
    fn wait_until_the_end(clock: &Pauses) -> Duration {
        let mut wait = Wait::new(WaitPolicy::default(), clock.now());
        let all = async {
            loop {
                if let Err(waited) = wait.pause(clock, &|_: Event| {}).await {
                    return waited;
                }
            }
        };
        let Poll::Ready(waited) = pin!(all).poll(&mut Context::from_waker(Waker::noop())) else {
            unreachable!("this clock does not wait")
        };
        waited
    }
}
