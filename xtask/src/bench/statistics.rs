use std::time::Duration;

/// The middle one; of an even number of them, the mean of the two in the middle. None of none.
pub(super) fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    let middle = times.len() / 2;
    let upper = *times.get(middle)?;
    if times.len() % 2 == 1 {
        return Some(upper);
    }
    Some((*times.get(middle.checked_sub(1)?)? + upper) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let of = |millis: &[u64]| {
            let times = millis.iter().map(|millis| Duration::from_millis(*millis));
            median(times.collect()).map(|median| median.as_millis())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some(7));
        assert_eq!(of(&[90, 1, 4]), Some(4));
        assert_eq!(of(&[90, 2, 1, 4]), Some(3));
    }
}
