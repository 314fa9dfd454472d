use std::time::Duration;

use platform_api::Session;
use tokio::time::{Instant, sleep};

use super::target::{Choice, ProjectChoices, SearchOutcome, SearchScope, search};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::search_summary::SearchSummary;

/// How often and how long to search for a default project: a new account gets one some seconds after
/// its organization.
#[derive(Clone, Copy, Debug)]
pub struct PollPolicy {
    /// The time between two searches.
    pub interval: Duration,
    /// The time until the search is given up.
    pub timeout: Duration,
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self { interval: Duration::from_secs(10), timeout: Duration::from_secs(60) }
    }
}

/// The timeout of a search that begins at the deadline.
const FINAL_SEARCH_TIMEOUT: Duration = Duration::from_secs(2);

/// After a shorter pause, there is no further search.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// Searches until there is a target or the timeout is over. After a transient error, the search is
/// repeated.
pub(super) async fn poll_for_choices(
    session: &Session,
    choice: &Choice,
    scope: SearchScope,
    poll: PollPolicy,
    events: Events<'_>,
) -> Result<ProjectChoices, Error> {
    let deadline = Instant::now() + poll.timeout.min(MAX_TIMEOUT);
    let mut seen = SearchSummary::default();
    loop {
        let failure = match search(session, choice, scope, deadline + FINAL_SEARCH_TIMEOUT).await {
            Ok(SearchOutcome::Found(choices)) => return Ok(choices),
            Ok(SearchOutcome::NotFound(what)) => {
                seen = what;
                None
            }
            Ok(SearchOutcome::TimedOut) => return Err(Error::NoProject { seen, failure: None }),
            Err(Error::Platform(error)) if error.is_transient() => Some(error),
            Err(error) => return Err(error),
        };
        let asked = failure.as_ref().and_then(platform_api::Error::retry_after);
        let left = deadline.saturating_duration_since(Instant::now());
        let Some(again_in) = pause(poll.interval.max(asked.unwrap_or_default()), left) else {
            return Err(Error::NoProject { seen, failure: failure.map(Box::new) });
        };
        events(Event::WaitingForProject { seen, failure: failure.as_ref(), again_in });
        sleep(again_in).await;
    }
}

/// Keeps the deadline within the range of the clock.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The pause before the next search, which never ends after the deadline. `None` means no search.
fn pause(wanted: Duration, left: Duration) -> Option<Duration> {
    (left >= MIN_PAUSE.min(wanted)).then(|| wanted.min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    // threats 134
    #[test]
    fn last_search_begins_at_the_deadline() {
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
