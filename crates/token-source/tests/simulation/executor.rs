use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use token_source::Clock;

use super::cell::{Cell, RefCell};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// No schedule needs more polls; one that does never ends.
const MOST_POLLS: usize = 200_000;

/// The seed's decisions, the time, and when each task goes on.
#[derive(Clone, Default)]
pub(crate) struct Schedule(Arc<Inner>);

#[derive(Default)]
struct Inner {
    random: Cell<u64>,
    /// In milliseconds.
    now: Cell<u64>,
    current: Cell<usize>,
    /// Whether processes are stopped, or their machines are suspended.
    has_stops: Cell<bool>,
    wakes_at: RefCell<Vec<u64>>,
}

impl Schedule {
    pub(crate) fn new(seed: u64) -> Self {
        let schedule = Self::default();
        schedule.0.random.set(seed);
        schedule.0.has_stops.set(schedule.once_in(4));
        schedule
    }

    /// A number below `bound` ([SplitMix64](https://prng.di.unimi.it/splitmix64.c)).
    pub(crate) fn below(&self, bound: u64) -> u64 {
        let state = self.0.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.random.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// True once in so many times.
    pub(crate) fn once_in(&self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// The number of the task that runs.
    pub(crate) fn current(&self) -> usize {
        self.0.current.get()
    }

    /// Lets the other tasks go on for so many milliseconds.
    pub(crate) async fn pause(&self, milliseconds: u64) {
        let until = self.0.now.get() + milliseconds;
        let mut has_yielded = false;
        poll_fn(|_| {
            self.0.wakes_at.borrow_mut()[self.current()] = until;
            let is_over = std::mem::replace(&mut has_yielded, true) && self.0.now.get() >= until;
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// A step of input or output, which takes a moment. A process may be stopped there for minutes.
    pub(crate) async fn step(&self) {
        let is_stopped = self.0.has_stops.get() && self.once_in(100);
        self.pause(self.below(if is_stopped { 200_000 } else { 4 })).await;
    }

    /// An event that nobody reads for a while: the process is stopped in the middle of a step.
    pub(crate) fn stall(&self) {
        if self.0.has_stops.get() && self.once_in(20) {
            self.0.now.set(self.0.now.get() + self.below(200_000));
        }
    }

    pub(crate) fn has_stops(&self) -> bool {
        self.0.has_stops.get()
    }

    /// Runs the tasks to their ends, in an order that the seed decides. `crashes` says whether the task
    /// that would go on dies there.
    pub(crate) fn run(&self, tasks: Vec<Task>, mut crashes: impl FnMut(usize) -> bool) {
        let mut tasks: Vec<_> = tasks.into_iter().map(Some).collect();
        *self.0.wakes_at.borrow_mut() = vec![0; tasks.len()];
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..MOST_POLLS {
            let Some(chosen) = self.choose(&tasks) else { return };
            self.0.current.set(chosen);
            let is_over = crashes(chosen)
                || tasks[chosen].as_mut().is_none_or(|task| task.as_mut().poll(&mut cx).is_ready());
            if is_over {
                tasks[chosen] = None;
            }
        }
        panic!("somebody waits without an end");
    }

    /// One of the tasks that can go on, after the time has come for one of them.
    fn choose(&self, tasks: &[Option<Task>]) -> Option<usize> {
        let wakes_at = self.0.wakes_at.borrow();
        let alive = || (0..tasks.len()).filter(|task| tasks[*task].is_some());
        let soonest = alive().map(|task| wakes_at[task]).min()?;
        self.0.now.set(self.0.now.get().max(soonest));
        let ready: Vec<_> = alive().filter(|task| wakes_at[*task] <= self.0.now.get()).collect();
        Some(ready[self.below(ready.len() as u64) as usize])
    }
}

impl Clock for Schedule {
    fn now(&self) -> Timestamp {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        start + SignedDuration::from_millis(self.0.now.get() as i64)
    }

    async fn sleep(&self, duration: Duration) {
        self.pause(duration.as_millis() as u64).await;
    }
}
