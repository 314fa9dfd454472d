use std::time::Duration;

use jiff::Timestamp;

/// The time of the machine, and a way to let some of it pass.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}
