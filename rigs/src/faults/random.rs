//! Numbers without a pattern. Nothing is secret here: what matters is that every moment comes.

/// Splitmix64.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: usize) -> Self {
        Self(seed as u64)
    }

    /// From 0 up to 1.
    pub(super) fn fraction(&mut self) -> f64 {
        const STEPS: u32 = 1 << 24;
        let step = u32::try_from(self.next() >> 40).unwrap_or_default();
        f64::from(step) / f64::from(STEPS)
    }

    /// From 0 up to, and without, this.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 32).unwrap_or_default() % limit.max(1)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_range_comes_up() {
        let mut random = Random::new(7);
        let mut tenths = [0; 10];
        for _ in 0..1000 {
            let fraction = random.fraction();
            assert!((0.0..1.0).contains(&fraction), "{fraction}");
            tenths[(fraction * 10.0) as usize] += 1;
            assert!(random.below(3) < 3);
        }
        assert!(tenths.iter().all(|count| *count > 50), "{tenths:?}");
    }
}
