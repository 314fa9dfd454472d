//! A body that is a thousand times as long once it is unpacked: gzip
//! ([RFC 1952](https://www.rfc-editor.org/rfc/rfc1952)) of a great many spaces.

use super::checksum::checksum;

/// At least so many spaces, and then this, packed.
pub(super) fn bomb(spaces: u64, then: &[u8]) -> Vec<u8> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let matches = spaces.div_ceil(MATCH);
    let spaces = 1 + matches * MATCH;
    let mut packed = Packed { bytes: HEADER.to_vec(), free: 0 };
    packed.put(FRONT);
    packed.zeros(matches * 2);
    packed.put(END);
    packed.stored(then);
    packed.bytes.extend(checksum(b' ', spaces, then).to_le_bytes());
    // The length modulo 2^32 is all that there is room for.
    let length = spaces.wrapping_add(then.len() as u64).to_le_bytes();
    packed.bytes.extend_from_slice(&length[..4]);
    packed.bytes
}

/// How many bytes the longest match of deflate stands for.
const MATCH: u64 = 258;

/// The front of a block in which that match, at a distance of one byte, takes two bits, both 0
/// ([RFC 1951 §3.2.7](https://www.rfc-editor.org/rfc/rfc1951#section-3.2.7)). Bits in their order.
const FRONT: &str = concat!(
    // Not the last block; codes of its own: 286 for literals and lengths, one for distances, told
    // in another code, of which 18 lengths follow.
    "0 01 10111 00000 0111",
    // The lengths 16, 17, 18, 0, 8 and so on, as the RFC has them: 18 has one bit, 2 and 1 have two.
    "000 000 100 000 000 000 000 000 000 000 000 000 000 000 000 010 000 010",
    // 32 times nothing, and then a space has two bits.
    "0 1010100 11",
    // 138 and 85 times nothing, and then the end of the block has two.
    "0 1111111 0 0101001 11",
    // 28 times nothing, and then the match has one, and so has its distance.
    "0 1000100 10 10",
    // A space.
    "10",
);

/// The end of such a block.
const END: &str = "11";

struct Packed {
    bytes: Vec<u8>,
    /// How many bits of the last byte are not taken; bytes are filled from the lowest.
    free: u32,
}

impl Packed {
    fn put(&mut self, bits: &str) {
        for bit in bits.chars().filter(|bit| *bit != ' ') {
            self.zeros(1);
            if let (Some(last), '1') = (self.bytes.last_mut(), bit) {
                *last |= 0x80 >> self.free;
            }
        }
    }

    fn zeros(&mut self, count: u64) {
        let here = u64::from(self.free).min(count);
        let further = count - here;
        let bytes = usize::try_from(further.div_ceil(8)).unwrap_or(usize::MAX);
        self.bytes.resize(self.bytes.len() + bytes, 0);
        self.free = match further {
            0 => self.free - here as u32,
            further => (8 - further % 8) as u32 % 8,
        };
    }

    /// Blocks of bytes as they are, which begin at a byte
    /// ([RFC 1951 §3.2.4](https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4)).
    fn stored(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(usize::from(u16::MAX)) {
            self.put("0 00");
            self.chunk(chunk);
        }
        self.put("1 00");
        self.chunk(b"");
    }

    fn chunk(&mut self, chunk: &[u8]) {
        self.free = 0;
        let length = chunk.len() as u16;
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend((!length).to_le_bytes());
        self.bytes.extend_from_slice(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `gzip -d` makes 517 spaces and the text of.
    #[test]
    fn a_bomb_is_gzip() {
        let front = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xec\xc0\x81\0\0\0\0\x80\x20\x95\xfd\x29\x17\xa9";
        let text = b"\x60\0\x02\0\xfd\xff{}\x01\0\0\xff\xff";
        let end = b"\x87\x19\x79\xf1\x07\x02\0\0";
        assert_eq!(bomb(300, b"{}"), [&front[..], text, end].concat());
    }

    #[test]
    fn a_bomb_is_a_thousandth_of_what_it_becomes() {
        let size = bomb(1_000_000_000, b"{}").len();
        assert!(size < 1_000_000_000 / 1000, "{size}");
    }
}
