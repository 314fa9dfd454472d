use login::Input;
use zeroize::{Zeroize as _, Zeroizing};

/// What is being typed or pasted.
///
/// A terminal does not say where a paste ends. What comes without a pause is taken for one, so that
/// an address which was broken into lines on its way is whole again, and a paste of a thousand lines
/// is one mistake and not a thousand.
pub(super) struct Entry {
    text: Zeroizing<Vec<u8>>,
    key: Key,
    is_ended: bool,
    begins_line: bool,
    has_device_key: bool,
}

/// How far a key is that sends more than a character, such as an arrow: `ESC [ A`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Key {
    #[default]
    Character,
    Escaped,
    Sequence,
}

/// Longer than any address that is taken, so that one which is too long is known to be.
const LONGEST: usize = 16 * 1024;

const ESCAPE: u8 = 0x1b;
const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;
/// Ctrl-U, which takes a line back.
const KILL: u8 = 0x15;

impl Entry {
    /// Room that never moves, so that no part of a secret is left behind.
    pub(super) fn new(has_device_key: bool) -> Self {
        let text = Zeroizing::new(Vec::with_capacity(LONGEST));
        Self { text, key: Key::Character, is_ended: false, begins_line: true, has_device_key }
    }

    /// What came of the keyboard.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.take_one(*byte));
    }

    fn take_one(&mut self, byte: u8) {
        if self.is_of_a_key(byte) {
            return;
        }
        self.begins_line &= matches!(byte, b' ' | b'\t');
        match byte {
            b'\r' | b'\n' => (self.is_ended, self.begins_line) = (true, true),
            // The indentation of a line that an address was broken into.
            b' ' | b'\t' if self.begins_line => {}
            BACKSPACE | DELETE => drop(self.text.pop()),
            KILL => self.text.zeroize(),
            _ if byte.is_ascii_control() => {}
            _ if self.text.len() < LONGEST => self.text.push(byte),
            _ => {}
        }
    }

    /// Whether it belongs to a key that is no character (ECMA-48 §5.4, §8.3.143).
    fn is_of_a_key(&mut self, byte: u8) -> bool {
        let (next, is_taken) = match (self.key, byte) {
            (_, ESCAPE) => (Key::Escaped, true),
            (Key::Escaped, b'[' | b'O') => (Key::Sequence, true),
            (Key::Sequence, b' '..=b'?') => (Key::Sequence, true),
            (Key::Sequence, b'@'..=b'~') => (Key::Character, true),
            _ => (Key::Character, false),
        };
        self.key = next;
        is_taken
    }

    /// How much of it there is.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// What it has come to, now that nothing more comes for a moment.
    pub(super) fn pause(&mut self) -> Option<Input> {
        self.key = Key::Character;
        if self.has_device_key && self.is_device_key() {
            self.clear();
            return Some(Input::DeviceCode);
        }
        if !self.is_ended {
            return None;
        }
        let text = Zeroizing::new(String::from_utf8_lossy(&self.text).into_owned());
        self.clear();
        (!text.trim().is_empty()).then_some(Input::Address(text))
    }

    /// However long it was held down.
    fn is_device_key(&self) -> bool {
        !self.text.is_empty() && self.text.iter().all(|key| matches!(key, b'd' | b'D'))
    }

    fn clear(&mut self) {
        self.text.zeroize();
        (self.is_ended, self.begins_line) = (false, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of bursts with a pause after each.
    fn comes_to(bursts: &[&[u8]]) -> Vec<String> {
        let mut entry = Entry::new(true);
        let mut inputs = Vec::new();
        for burst in bursts {
            entry.take(burst);
            inputs.extend(entry.pause());
        }
        let shown = |input: Input| match input {
            Input::Address(text) => text.to_string(),
            other => format!("{other:?}"),
        };
        inputs.into_iter().map(shown).collect()
    }

    #[test]
    fn an_address_ends_with_enter() {
        assert_eq!(comes_to(&[b"http://a/?b\r"]), ["http://a/?b"]);
        assert_eq!(comes_to(&[b"http://a/", b"?b", b"\n"]), ["http://a/?b"]);
        assert_eq!(comes_to(&[b"http://a/?b"]), [""; 0]);
        assert_eq!(comes_to(&[b"\n", b"\r\r"]), [""; 0]);
    }

    #[test]
    fn an_address_that_was_broken_into_lines_is_whole_again() {
        assert_eq!(comes_to(&[b"http://a/?b\r\nc\nd\n"]), ["http://a/?bcd"]);
        assert_eq!(comes_to(&[b"  http://a/?b c\r\n    d\n\te\n"]), ["http://a/?b cde"]);
    }

    #[test]
    fn what_was_typed_can_be_taken_back() {
        assert_eq!(comes_to(&[b"wrong", b"\x15", b"rihj\x7f\x08ght\n"]), ["right"]);
        assert_eq!(comes_to(&[b"\x7f\x7fx\n"]), ["x"]);
    }

    #[test]
    fn a_d_alone_asks_for_a_device_code() {
        assert_eq!(comes_to(&[b"d"]), ["DeviceCode"]);
        assert_eq!(comes_to(&[b"D\n", b"d"]), ["DeviceCode", "DeviceCode"]);
        assert_eq!(comes_to(&[b"dddd"]), ["DeviceCode"]);
        assert_eq!(comes_to(&[b"x", b"d", b"\n"]), ["xd"]);
        assert_eq!(comes_to(&[b"data\n"]), ["data"]);
    }

    #[test]
    fn where_there_is_no_device_code_a_d_is_a_letter() {
        let mut entry = Entry::new(false);
        entry.take(b"d");
        assert!(entry.pause().is_none());
    }

    // threats 190
    #[test]
    fn a_paste_without_end_is_one_mistake() {
        let flood = b"0123456789abcdef\n".repeat(65_536);
        let inputs = comes_to(&[&flood]);
        assert_eq!(inputs.len(), 1);
        assert_eq!(inputs[0].len(), LONGEST);
    }

    // threats 190
    #[test]
    fn bytes_that_are_no_text_are_taken_as_such() {
        assert_eq!(comes_to(&[b"\xffx\n"]), ["\u{fffd}x"]);
    }

    // threats 190
    #[test]
    fn keys_that_are_no_characters_are_none() {
        let odd = b"\x1b[A\x1bOP\x1b[15;2~\x1b[200~\t\x04\x0c\x17address\x1b[201~\x1b\n";
        assert_eq!(comes_to(&[odd]), ["address"]);
        assert_eq!(comes_to(&[b"\x1b", b"d"]), ["DeviceCode"]);
    }
}
