use std::time::Duration;

use jiff::Timestamp;
use token_source::Clock;
use tokio::time::sleep;

/// The clock of the caller, and the timer of the runtime.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokioClock(pub(super) fn() -> Timestamp);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        (self.0)()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> {
        sleep(duration)
    }
}
