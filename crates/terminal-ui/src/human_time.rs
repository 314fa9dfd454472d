use std::time::Duration;

use jiff::Timestamp;

/// `15 minutes`, `90 seconds`: in the largest unit without a fraction.
#[must_use]
pub fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0 => return format!("{} ms", time.as_millis()),
        _ if seconds.is_multiple_of(3600) => (seconds / 3600, "hour"),
        _ if seconds.is_multiple_of(60) => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// `in 47 minutes`, `3 days ago`: relative to now, rounded down.
#[must_use]
pub fn from_now(time: Timestamp, now: Timestamp) -> String {
    let away = time.duration_since(now);
    let Some(words) = roughly(away.unsigned_abs()) else { return "just now".to_owned() };
    if away.is_negative() { format!("{words} ago") } else { format!("in {words}") }
}

/// `47 minutes`: rounded down to the largest unit; `None` for less than a second.
#[must_use]
pub fn roughly(time: Duration) -> Option<String> {
    let units = [(86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.iter().find(|(size, _)| time.as_secs() >= *size)?;
    let count = time.as_secs() / size;
    Some(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_has_the_largest_unit_without_a_fraction() {
        let words = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!(words(900), "15 minutes");
        assert_eq!(words(60), "1 minute");
        assert_eq!(words(90), "90 seconds");
        assert_eq!(words(7200), "2 hours");
        assert_eq!(in_words(Duration::from_millis(250)), "250 ms");
    }

    #[test]
    fn time_is_relative_to_now() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let at = |time: &str| from_now(time.parse().unwrap(), now);
        assert_eq!(at("2026-11-21T12:00:00Z"), "just now");
        assert_eq!(at("2026-11-21T12:00:01Z"), "in 1 second");
        assert_eq!(at("2026-11-21T12:47:59Z"), "in 47 minutes");
        assert_eq!(at("2026-11-21T09:00:00Z"), "3 hours ago");
        assert_eq!(at("2026-12-01T12:00:00Z"), "in 10 days");
    }
}
