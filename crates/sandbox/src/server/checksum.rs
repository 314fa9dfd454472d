/// The CRC-32 of gzip ([RFC 1952 §8](https://www.rfc-editor.org/rfc/rfc1952#section-8)) of one byte
/// so many times, and then these. It takes as many steps as the count has digits, and not as many as
/// there are bytes.
pub(super) fn checksum(byte: u8, count: u64, then: &[u8]) -> u32 {
    let before = Step::over(byte).times(count).apply(!0);
    !then.iter().fold(before, |register, &byte| Step::over(byte).apply(register))
}

/// What bytes do to the register: an affine map of its bits.
struct Step {
    /// What becomes of each bit.
    bits: [u32; 32],
    /// What becomes of none.
    constant: u32,
}

impl Step {
    const NONE: Self = Self { bits: identity(), constant: 0 };

    fn over(byte: u8) -> Self {
        let shift = |register: u32| (0..8).fold(register, |register, _| shifted(register));
        Self { bits: Self::NONE.bits.map(shift), constant: shift(byte.into()) }
    }

    fn times(self, mut count: u64) -> Self {
        let (mut result, mut power) = (Self::NONE, self);
        while count > 0 {
            if count % 2 == 1 {
                result = result.then(&power);
            }
            power = power.then(&power);
            count /= 2;
        }
        result
    }

    fn then(&self, next: &Self) -> Self {
        let bits = self.bits.map(|bit| next.linear(bit));
        Self { bits, constant: next.apply(self.constant) }
    }

    fn apply(&self, register: u32) -> u32 {
        self.linear(register) ^ self.constant
    }

    fn linear(&self, register: u32) -> u32 {
        let set = self.bits.iter().enumerate().filter(|(place, _)| register >> place & 1 == 1);
        set.fold(0, |sum, (_, bit)| sum ^ bit)
    }
}

const fn identity() -> [u32; 32] {
    let mut bits = [0; 32];
    let mut place = 0;
    while place < 32 {
        bits[place] = 1 << place;
        place += 1;
    }
    bits
}

/// Division by the polynomial, one bit of it.
fn shifted(register: u32) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    if register & 1 == 1 { register >> 1 ^ POLYNOMIAL } else { register >> 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_this_crc_holds() {
        assert_eq!(checksum(0, 0, b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_byte_many_times_is_that_many_bytes() {
        for count in [0, 1, 2, 3, 255, 256, 1000] {
            let bytes = vec![b' '; count];
            assert_eq!(
                checksum(b' ', count as u64, b"{}"),
                checksum(0, 0, &[&bytes, &b"{}"[..]].concat())
            );
        }
    }
}
