//! Medians and percentiles of times.

use std::time::Duration;

/// The middle time, or the mean of the two in the middle; `None` without times.
pub(crate) fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    let middle = times.len() / 2;
    let upper = *times.get(middle)?;
    if times.len() % 2 == 1 {
        return Some(upper);
    }
    Some((*times.get(middle.checked_sub(1)?)? + upper) / 2)
}

/// The percentile by nearest rank; `None` without times.
pub(crate) fn percentile(mut times: Vec<Duration>, percent: usize) -> Option<Duration> {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100);
    times.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_middle_value() {
        let of = |millis: &[u64]| {
            let times = millis.iter().map(|millis| Duration::from_millis(*millis));
            median(times.collect()).map(|median| median.as_millis())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some(7));
        assert_eq!(of(&[90, 1, 4]), Some(4));
        assert_eq!(of(&[90, 2, 1, 4]), Some(3));
    }

    #[test]
    fn percentile_is_one_of_the_values() {
        let of = |count: u64, percent| {
            let times = (1..=count).rev().map(Duration::from_millis).collect();
            percentile(times, percent).map(|time| time.as_millis())
        };
        assert_eq!(of(0, 99), None);
        assert_eq!(of(1, 99), Some(1));
        assert_eq!(of(100, 99), Some(99));
        assert_eq!(of(200, 99), Some(198));
        assert_eq!(of(1001, 50), Some(501));
        assert_eq!(of(20, 100), Some(20));
    }
}
