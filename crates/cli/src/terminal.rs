//! What a person sees. The rules of the terminal:
//!
//! - Results go to standard output, everything for people to standard error.
//! - Whatever comes from outside is cleaned on its way out, here and nowhere else: no control
//!   character, nothing that reorders or hides text, and no more of it than fits a few lines.
//! - An address stands alone on its line and is never broken, so that it can be copied.
//! - Colour adds emphasis and never meaning; it follows `NO_COLOR`, `CLICOLOR_FORCE` and `--color`.
//! - A standard error that cannot be written is no reason to fail; a standard output that cannot be
//!   written is, because somebody waits for the result.
//! - Nothing here panics when the reader is gone.

use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::args::Color;

const EMPHASIS: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const ADVICE: Style = AnsiColor::Cyan.on_default().bold();
const ADDRESS: Style = Style::new().underline();

/// The screen of one person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    color: ColorChoice,
}

impl Terminal {
    pub(crate) fn new(color: Color) -> Self {
        let color = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self { color }
    }

    /// A sentence.
    pub(crate) fn say(self, text: &str) {
        self.line("", Style::new(), text, Style::new());
    }

    /// A sentence that ends something well.
    pub(crate) fn done(self, text: &str) {
        self.line("", Style::new(), text, GOOD);
    }

    /// Something that the person should know and that ends nothing.
    pub(crate) fn warn(self, text: &str) {
        self.line("warning: ", AnsiColor::Yellow.on_default().bold(), text, Style::new());
    }

    /// An address to open, alone between empty lines.
    pub(crate) fn address(self, url: &str) {
        self.write(&format!("\n{ADDRESS}{}{ADDRESS:#}\n\n", clean(url, usize::MAX)));
    }

    /// What went wrong, and what can be done.
    pub(crate) fn fail(self, what: &str, hint: Option<&str>) {
        self.line("error: ", BAD, what, EMPHASIS);
        if let Some(hint) = hint {
            self.line("hint: ", ADVICE, hint, Style::new());
        }
    }

    fn line(self, label: &str, label_style: Style, text: &str, style: Style) {
        let text = clean(text, LONGEST);
        self.write(&format!("{label_style}{label}{label_style:#}{style}{text}{style:#}\n"));
    }

    fn write(self, text: &str) {
        // Whoever closed standard error does not want to hear that it is closed.
        let _ = AutoStream::new(io::stderr().lock(), self.color).write_all(text.as_bytes());
    }
}

/// Puts `text` and a line break on standard output, to the last byte.
///
/// # Errors
///
/// What the system says: a reader that is gone, or a full disk.
pub(crate) fn result(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

/// Longer than any sentence of ours with a remote text in it.
const LONGEST: usize = 1000;

/// `text` without anything that a terminal would obey or that a person could not see, and no
/// longer than `longest` characters.
pub(crate) fn clean(text: &str, longest: usize) -> String {
    let visible = |c: &char| !c.is_control() && !is_invisible(*c);
    let mut cleaned: String =
        text.chars().map(space_for_break).filter(visible).take(longest).collect();
    if text.chars().count() > longest {
        cleaned.push('…');
    }
    cleaned
}

fn space_for_break(c: char) -> char {
    if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }
}

/// Marks that change the direction of text, join it or take no room: they make one text look like
/// another.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(text: &str, shown: &str) {
        assert_eq!(clean(text, 20), shown, "{text:?}");
    }

    // threats 192
    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        shows("plain \u{e9}\u{1f511}", "plain \u{e9}\u{1f511}");
        shows("\u{1b}[31mred\u{1b}[0m", "[31mred[0m");
        shows("\u{1b}]52;c;aGk=\u{7}", "]52;c;aGk=");
        shows("a\r\nb\tc\u{8}\u{7f}", "a  b c");
        shows("\u{9b}31m\u{85}", "31m");
        shows("\u{202e}evil\u{202c}\u{2066}\u{200b}\u{feff}", "evil");
        shows(&"x".repeat(21), &format!("{}…", "x".repeat(20)));
        shows("", "");
    }
}
