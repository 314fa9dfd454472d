use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::seconds;

/// How long to wait between two polls
/// ([RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval(Duration);

/// The default, and by how much `slow_down` increases the interval: both are five seconds in the RFC.
const FIVE_SECONDS: Duration = Duration::from_secs(5);

const ONE_MINUTE: Duration = Duration::from_secs(60);

/// An interval of zero would be a busy loop.
const SHORTEST: Duration = Duration::from_secs(1);

impl Interval {
    /// The time between two polls.
    #[must_use]
    pub fn as_duration(self) -> Duration {
        self.0
    }

    /// Grows by five seconds, for this and all later polls.
    #[must_use]
    pub fn slow_down(self) -> Self {
        Self(self.0.saturating_add(FIVE_SECONDS))
    }

    /// Doubles, after a connection error, to at most a minute.
    #[must_use]
    pub fn back_off(self) -> Self {
        Self(self.0.saturating_mul(2).min(self.0.max(ONE_MINUTE)))
    }

    /// The wait before the next poll, with the `Retry-After` of the last response.
    #[must_use]
    pub fn after(self, retry_after: Option<Duration>) -> Duration {
        self.0.max(retry_after.unwrap_or_default())
    }
}

impl Default for Interval {
    fn default() -> Self {
        Self(FIVE_SECONDS)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let given = seconds::deserialize(input)?;
        Ok(given.map(|interval| Self(interval.max(SHORTEST))).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_reads(json: &str, millis: u64) {
        let interval: Interval = serde_json::from_str(json).unwrap();
        assert_eq!(interval.as_duration(), Duration::from_millis(millis), "{json}");
    }

    #[test]
    fn interval_is_a_number_or_a_numeric_string_or_five_seconds() {
        assert_reads("5", 5_000);
        assert_reads("\"7\"", 7_000);
        assert_reads("\" 7 \"", 7_000);
        assert_reads("1.5", 1_500);
        assert_reads("\"2.5\"", 2_500);
        for nothing in ["null", "\"\"", "\"soon\"", "[]", "{}", "true", "-1", "\"-1\"", "\"NaN\""] {
            assert_reads(nothing, 5_000);
        }
    }

    #[test]
    fn extreme_intervals_are_limited() {
        assert_reads("0", 1_000);
        assert_reads("\"0.001\"", 1_000);
        assert_reads("1e300", 5_000);
        assert_reads("1e400", 5_000);
        assert_reads("\"inf\"", 5_000);
        let longest = Interval(Duration::MAX);
        assert_eq!(longest.slow_down(), longest);
    }

    #[test]
    fn grown_interval_stays_grown() {
        let interval = Interval::default().slow_down().slow_down();
        assert_eq!(interval.as_duration(), Duration::from_secs(15));
    }

    #[test]
    fn interval_backs_off_to_at_most_a_minute() {
        let waits = std::iter::successors(Some(Interval::default()), |it| Some(it.back_off()));
        let seconds: Vec<_> = waits.take(6).map(|it| it.as_duration().as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 60, 60]);
        let slow = Interval(Duration::from_secs(90));
        assert_eq!(slow.back_off(), slow, "the server wanted no more than that");
    }

    // threats 78
    #[test]
    fn retry_after_only_lengthens_the_interval() {
        let interval = Interval::default();
        let after = |seconds| interval.after(Some(Duration::from_secs(seconds)));
        assert_eq!(interval.after(None), FIVE_SECONDS);
        assert_eq!(after(2), FIVE_SECONDS);
        assert_eq!(after(30), Duration::from_secs(30));
    }
}
