//! Wraps text. A line ends between two words, never inside a URL or a path, and never at a no-break space, so that
//! copied text is complete.
//!
//! Why not textwrap (0.16): it gives the same lines, adds 15 KB to the program, and takes as many lines to set up as
//! the loop below has.

use crate::hint::with_plain_spaces;
use crate::size::width;

/// The width of a text, and its indentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrapOptions {
    /// The maximum width of a line. Only a longer word exceeds it.
    pub width: usize,
    /// The columns before the first word, which are already printed.
    pub first: usize,
    /// The indentation of each further line.
    pub indent: usize,
}

impl WrapOptions {
    /// For text after a label. Further lines are aligned with the first if the terminal is wide enough. Lines have
    /// at most 100 columns, because longer lines are hard to read.
    pub(crate) fn beside(label: &str, width: usize) -> Self {
        const MAX_WIDTH: usize = 100;
        const NARROW: usize = 30;
        let indent = if width < NARROW { 0 } else { label.len() };
        Self { width: width.min(MAX_WIDTH), first: label.len(), indent }
    }
}

/// Breaks `text` into lines.
#[must_use]
pub fn wrap(text: &str, options: WrapOptions) -> String {
    let mut lines = String::new();
    let mut column = options.first;
    for (index, word) in text.split(' ').enumerate() {
        let word = with_plain_spaces(word);
        let length = width(&word);
        if index > 0 && column + 1 + length > options.width {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', options.indent));
            column = options.indent;
        } else if index > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(&word);
        column += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_lines(text: &str, width: usize, lines: &str) {
        assert_eq!(
            wrap(text, WrapOptions { width, first: 6, indent: 6 }),
            lines.replace('|', "\n      ")
        );
    }

    // threats 200
    #[test]
    fn line_ends_between_words() {
        assert_lines("a b c", 40, "a b c");
        assert_lines("one two three", 13, "one two|three");
        assert_lines("one two three", 12, "one|two|three");
        assert_lines("one two three", 1, "one|two|three");
        assert_lines("", 1, "");
        assert_lines(
            "open https://platform.openai.com/api-keys now",
            20,
            "open|https://platform.openai.com/api-keys|now",
        );
        assert_lines(
            "\u{65e5}\u{672c} \u{8a9e}\u{8a9e} x",
            12,
            "\u{65e5}\u{672c}|\u{8a9e}\u{8a9e} x",
        );
        assert_lines("e\u{301}e\u{301} e\u{301} x", 12, "e\u{301}e\u{301} e\u{301} x");
    }

    #[test]
    fn command_stays_on_one_line() {
        assert_lines(
            "with: ssh\u{a0}-L\u{a0}1:localhost:1 or so",
            20,
            "with:|ssh -L 1:localhost:1|or so",
        );
    }

    #[test]
    fn wrapping_keeps_each_word() {
        let text = "login-cli\u{a0}login  'a b and < no end login-cli --port";
        for width in 0..80 {
            let options = WrapOptions { width, first: 6, indent: 2 };
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&wrap(text, options)), words(text));
        }
    }
}
