use std::time::Duration;

use platform_api::Session;
use tokio::time::{Instant, sleep};

use super::target::{Breadth, Candidates, Choice, Look, look};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::seen::Seen;

/// How long a default project is waited for: a new account gets one some seconds after its
/// organization.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The time between two looks.
    pub interval: Duration,
    /// The time until it is given up.
    pub timeout: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { interval: Duration::from_secs(10), timeout: Duration::from_secs(60) }
    }
}

/// The last look may begin with the deadline, and gets this long.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// A pause that is shorter than this is not worth another look.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// Looks for the default target until it is there or patience ends. A failure that may pass is no answer:
/// the next look may get one.
pub(super) async fn wait_for_candidates(
    session: &Session,
    choice: &Choice,
    breadth: Breadth,
    patience: Patience,
    events: Events<'_>,
) -> Result<Candidates, Error> {
    let deadline = Instant::now() + patience.timeout.min(LONGEST_PATIENCE);
    let mut seen = Seen::default();
    loop {
        let failure = match look(session, choice, breadth, deadline + LAST_LOOK).await {
            Ok(Look::Found(candidates)) => return Ok(candidates),
            Ok(Look::NotYet(what)) => {
                seen = what;
                None
            }
            Ok(Look::TooLate) => return Err(Error::NoProject { seen, failure: None }),
            Err(Error::Platform(error)) if error.is_transient() => Some(error),
            Err(error) => return Err(error),
        };
        let asked = failure.as_ref().and_then(platform_api::Error::retry_after);
        let left = deadline.saturating_duration_since(Instant::now());
        let Some(again_in) = pause(patience.interval.max(asked.unwrap_or_default()), left) else {
            return Err(Error::NoProject { seen, failure: failure.map(Box::new) });
        };
        events(Event::WaitingForProject { seen, failure: failure.as_ref(), again_in });
        sleep(again_in).await;
    }
}

/// A clock has an end, and adding to it must not pass it.
const LONGEST_PATIENCE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long to wait before the next look, if there is one: never past the deadline.
fn pause(wanted: Duration, left: Duration) -> Option<Duration> {
    (left >= SHORTEST_PAUSE.min(wanted)).then(|| wanted.min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    // threats 134
    #[test]
    fn the_last_look_is_at_the_deadline() {
        assert_eq!(pause(secs(10), secs(60)), Some(secs(10)));
        assert_eq!(pause(secs(10), secs(4)), Some(secs(4)));
        assert_eq!(pause(secs(10), secs(1)), Some(secs(1)));
        assert_eq!(pause(secs(10), Duration::from_millis(900)), None);
        assert_eq!(pause(secs(10), Duration::ZERO), None);
        assert_eq!(
            pause(Duration::from_millis(20), Duration::from_millis(30)),
            Some(Duration::from_millis(20))
        );
    }
}
