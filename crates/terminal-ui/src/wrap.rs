//! Text in lines that fit a screen. A line ends between two words, never in a URL or a path, and never at
//! an unbreakable space: what is copied from the screen is whole.
//!
//! textwrap (0.16) gives the same lines, but adds 15 KB to the program. Set up to break between words
//! only, and behind a label that is printed already, it takes as many lines of code as the loop below.

use crate::hint::with_plain_spaces;
use crate::size::width;

/// The columns of a page, and those that are taken where its lines begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// No line is wider, unless a word is.
    pub width: usize,
    /// The columns before the first word, which are taken already.
    pub first: usize,
    /// The columns before the first word of every further line.
    pub indent: usize,
}

impl Page {
    /// For text behind a label, with its lines aligned if there is room for that. Lines as wide as a large
    /// screen are hard to read.
    pub(crate) fn beside(label: &str, width: usize) -> Self {
        const WIDEST: usize = 100;
        const NARROW: usize = 30;
        let indent = if width < NARROW { 0 } else { label.len() };
        Self { width: width.min(WIDEST), first: label.len(), indent }
    }
}

/// Breaks `text` into lines.
#[must_use]
pub fn wrapped(text: &str, page: Page) -> String {
    let mut lines = String::new();
    let mut column = page.first;
    for (place, word) in text.split(' ').enumerate() {
        let word = with_plain_spaces(word);
        let length = width(&word);
        if place > 0 && column + 1 + length > page.width {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', page.indent));
            column = page.indent;
        } else if place > 0 {
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
            wrapped(text, Page { width, first: 6, indent: 6 }),
            lines.replace('|', "\n      ")
        );
    }

    // threats 200
    #[test]
    fn a_line_ends_between_words() {
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
    fn a_command_stays_on_one_line() {
        assert_lines(
            "with: ssh\u{a0}-L\u{a0}1:localhost:1 or so",
            20,
            "with:|ssh -L 1:localhost:1|or so",
        );
    }

    #[test]
    fn wrapping_loses_no_word() {
        let text = "login-cli\u{a0}login  'a b and < no end login-cli --port";
        for width in 0..80 {
            let page = Page { width, first: 6, indent: 2 };
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&wrapped(text, page)), words(text));
        }
    }
}
