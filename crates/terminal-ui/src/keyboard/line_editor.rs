use std::mem;

use zeroize::{Zeroize as _, Zeroizing};

use super::Input;
use crate::stdin::MAX_INPUT;

/// Edits a line that is typed or pasted.
///
/// A terminal does not report the end of a paste. Input without a pause is one paste, so that a paste of a thousand
/// lines causes one error and not a thousand.
pub(super) struct LineEditor {
    text: Zeroizing<Vec<u8>>,
    expected: Expected,
    key: Key,
    is_ended: bool,
    begins_line: bool,
}

/// What the user types. It determines how line breaks, control characters and other keys are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A URL, which may be broken into lines: line breaks, indentation, control characters and other keys are
    /// removed. A shortcut key, in either case, needs no Enter.
    Url { shortcut: Option<char> },
    /// A secret: nothing is removed, so that the caller can refuse an invalid one.
    Secret,
}

/// The progress in a key that sends several bytes, such as an arrow: `ESC [ A`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Key {
    #[default]
    Character,
    Escaped,
    Sequence,
}

/// Ctrl-D: ends the input.
pub(super) const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
/// Ctrl-U: clears the line.
const KILL: u8 = 0x15;
const ESCAPE: u8 = 0x1b;
const DELETE: u8 = 0x7f;

impl LineEditor {
    pub(super) fn new(expected: Expected) -> Self {
        let (text, key) = (empty(), Key::Character);
        Self { text, expected, key, is_ended: false, begins_line: true }
    }

    /// Adds bytes from the keyboard.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.push_byte(*byte));
    }

    fn push_byte(&mut self, byte: u8) {
        match (byte, self.expected) {
            (_, Expected::Url { .. }) if self.is_part_of_key(byte) => {}
            (BACKSPACE | DELETE, _) => drop(self.text.pop()),
            (KILL, _) => self.text.zeroize(),
            (_, Expected::Url { .. }) => self.push_to_url(byte),
            (_, Expected::Secret) => self.push_to_secret(byte),
        }
    }

    fn push_to_url(&mut self, byte: u8) {
        self.begins_line &= matches!(byte, b' ' | b'\t');
        match byte {
            b'\r' | b'\n' => (self.is_ended, self.begins_line) = (true, true),
            // Indentation.
            b' ' | b'\t' if self.begins_line => {}
            _ if byte.is_ascii_control() => {}
            _ => self.append(byte),
        }
    }

    fn push_to_secret(&mut self, byte: u8) {
        match byte {
            b'\r' | b'\n' | END => {
                self.is_ended = true;
                self.append(b'\n');
            }
            _ => self.append(byte),
        }
    }

    fn append(&mut self, byte: u8) {
        if self.text.len() <= MAX_INPUT {
            self.text.push(byte);
        }
    }

    /// Whether the byte belongs to a key that is not a character (ECMA-48 §5.4, §8.3.143).
    fn is_part_of_key(&mut self, byte: u8) -> bool {
        let (next, is_part) = match (self.key, byte) {
            (_, ESCAPE) => (Key::Escaped, true),
            (Key::Escaped, b'[' | b'O') => (Key::Sequence, true),
            (Key::Sequence, b' '..=b'?') => (Key::Sequence, true),
            (Key::Sequence, b'@'..=b'~') => (Key::Character, true),
            _ => (Key::Character, false),
        };
        self.key = next;
        is_part
    }

    /// The number of bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Called at a pause. Returns the input if it is complete.
    pub(super) fn pause(&mut self) -> Option<Input> {
        self.key = Key::Character;
        if self.is_shortcut() {
            self.take();
            return Some(Input::Shortcut);
        }
        self.is_ended.then(|| Input::Line(self.take()))
    }

    /// One or more times the key, because the user may hold it down.
    fn is_shortcut(&self) -> bool {
        let Expected::Url { shortcut: Some(shortcut) } = self.expected else { return false };
        let is_it = |byte: &u8| char::from(*byte).eq_ignore_ascii_case(&shortcut);
        !self.text.is_empty() && self.text.iter().all(is_it)
    }

    fn take(&mut self) -> Zeroizing<Vec<u8>> {
        (self.is_ended, self.begins_line) = (false, true);
        mem::replace(&mut self.text, empty())
    }
}

/// A buffer that never reallocates, so that no copy of a secret stays in memory.
fn empty() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(MAX_INPUT + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: Expected = Expected::Url { shortcut: Some('d') };

    /// The inputs from bursts of bytes, with a pause after each.
    fn inputs(expected: Expected, bursts: &[&[u8]]) -> Vec<String> {
        let mut editor = LineEditor::new(expected);
        let shown = |input: Input| match input {
            Input::Line(text) => String::from_utf8_lossy(&text).into_owned(),
            Input::Shortcut => "<shortcut>".to_owned(),
        };
        let input = |burst: &&[u8]| {
            editor.push(burst);
            editor.pause().map(shown)
        };
        bursts.iter().filter_map(input).collect()
    }

    #[track_caller]
    fn assert_url(bursts: &[&[u8]], expected: &[&str]) {
        assert_eq!(inputs(URL, bursts), expected);
    }

    #[track_caller]
    fn assert_secret(bursts: &[&[u8]], expected: &[&str]) {
        assert_eq!(inputs(Expected::Secret, bursts), expected);
    }

    #[test]
    fn enter_ends_a_url() {
        assert_url(&[b"http://a/?b\r"], &["http://a/?b"]);
        assert_url(&[b"http://a/", b"?b", b"\n"], &["http://a/?b"]);
        assert_url(&[b"http://a/?b"], &[]);
        assert_url(&[b"\n", b"\r\r"], &["", ""]);
    }

    #[test]
    fn url_on_several_lines_is_joined() {
        assert_url(&[b"http://a/?b\r\nc\nd\n"], &["http://a/?bcd"]);
        assert_url(&[b"  http://a/?b c\r\n    d\n\te\n"], &["http://a/?b cde"]);
    }

    // threats 222
    #[test]
    fn secret_on_several_lines_is_unchanged() {
        assert_secret(&[b"sk-1\r\n\n"], &["sk-1\n\n\n"]);
        assert_secret(&[b"sk-1\nrest"], &["sk-1\nrest"]);
        assert_secret(&[b"\x1b[200~sk-1\n\x1b[201~"], &["\x1b[200~sk-1\n\x1b[201~"]);
    }

    #[test]
    fn enter_or_ctrl_d_ends_a_secret() {
        assert_secret(&[b"sk-1\n", b"rest"], &["sk-1\n"]);
        assert_secret(&[b"sk-1\r", b"rest"], &["sk-1\n"]);
        assert_secret(&[b"sk-", b"1\x04"], &["sk-1\n"]);
        assert_secret(&[b"\n"], &["\n"]);
    }

    #[test]
    fn backspace_and_ctrl_u_edit_the_line() {
        assert_url(&[b"wrong", b"\x15", b"rihj\x7f\x08ght\n"], &["right"]);
        assert_url(&[b"\x7f\x7fx\n"], &["x"]);
        assert_secret(&[b"wrong\x15sk-x\x7f1\n"], &["sk-1\n"]);
        assert_secret(&[b"\x08sk-1\n"], &["sk-1\n"]);
    }

    #[test]
    fn shortcut_needs_no_enter() {
        assert_url(&[b"d"], &["<shortcut>"]);
        assert_url(&[b"D\n", b"d"], &["<shortcut>", "<shortcut>"]);
        assert_url(&[b"dddd"], &["<shortcut>"]);
        assert_url(&[b"x", b"d", b"\n"], &["xd"]);
        assert_url(&[b"data\n"], &["data"]);
        assert!(inputs(Expected::Url { shortcut: None }, &[b"d"]).is_empty());
        assert_secret(&[b"d"], &[]);
    }

    // threats 190
    #[test]
    fn long_paste_is_one_input() {
        let flood = b"0123456789abcdef\n".repeat(65_536);
        for expected in [URL, Expected::Secret] {
            let inputs = inputs(expected, &[&flood]);
            assert_eq!(inputs.iter().map(String::len).collect::<Vec<_>>(), [MAX_INPUT + 1]);
        }
    }

    // threats 190
    #[test]
    fn invalid_utf8_is_kept() {
        assert_url(&[b"\xffx\n"], &["\u{fffd}x"]);
        assert_secret(&[b"\xffx\n"], &["\u{fffd}x\n"]);
    }

    // threats 190
    #[test]
    fn other_keys_are_removed_from_a_url() {
        let odd = b"\x1b[A\x1bOP\x1b[15;2~\x1b[200~\t\x04\x0c\x17address\x1b[201~\x1b\n";
        assert_url(&[odd], &["address"]);
        assert_url(&[b"\x1b", b"d"], &["<shortcut>"]);
    }
}
