//! The transcript on the terminal: sections, short lines, and colour as emphasis only.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

const TITLE: Style = Style::new().bold();
const SECTION: Style = AnsiColor::Cyan.on_default();
const QUIET: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// As wide as the narrowest terminal that people use.
const WIDTH: usize = 80;

/// Where what explains a line begins.
const DETAIL: usize = 12;

/// Where the transcript is written, and whether all of its claims held.
pub(super) struct Page<W> {
    out: W,
    failed_checks: Vec<&'static str>,
}

impl<W: Write> Page<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, failed_checks: Vec::new() }
    }

    /// Begins a flow.
    pub(super) fn title(&mut self, text: &str) -> io::Result<()> {
        let rule = "─".repeat(WIDTH.saturating_sub(text.chars().count() + 4));
        writeln!(self.out, "\n{TITLE}── {text} {rule}{TITLE:#}")
    }

    /// Begins a section of it.
    pub(super) fn section(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{SECTION}{text}{SECTION:#}\n")
    }

    /// A paragraph at the margin.
    pub(super) fn paragraph(&mut self, text: &str) -> io::Result<()> {
        self.wrapped(text, 0, Style::new())
    }

    /// A line of the section, broken where it is too long.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.wrapped(text, 2, Style::new())
    }

    /// What explains the line before.
    pub(super) fn detail(&mut self, text: &str) -> io::Result<()> {
        self.wrapped(text, DETAIL, QUIET)
    }

    /// A line that is not to be broken.
    pub(super) fn verbatim(&mut self, text: &str) -> io::Result<()> {
        let text = format!("  {text}");
        writeln!(self.out, "{}", text.trim_end())
    }

    fn wrapped(&mut self, text: &str, indent: usize, style: Style) -> io::Result<()> {
        for line in wrap(text, WIDTH.saturating_sub(indent)) {
            let indent = if line.is_empty() { 0 } else { indent };
            writeln!(self.out, "{:indent$}{style}{line}{style:#}", "")?;
        }
        Ok(())
    }

    /// A claim that the demo makes, and whether it held.
    pub(super) fn check(&mut self, claim: &'static str, holds: bool) -> io::Result<()> {
        let (mark, style) = if holds { ("✓", GOOD) } else { ("✗", BAD) };
        if !holds {
            self.failed_checks.push(claim);
        }
        writeln!(self.out, "  {style}{mark}{style:#} {claim}")
    }

    /// The claims that did not hold.
    pub(super) fn failed_checks(&self) -> &[&'static str] {
        &self.failed_checks
    }
}

/// `text` in lines of at most `width` characters, broken at spaces. A word that is longer has a
/// line of its own, and an empty text one line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().filter(|line| {
            line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width
        });
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wrap_only_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one incomprehensible two", 7), ["one", "incomprehensible", "two"]);
        assert_eq!(wrap("", 7), [""]);
    }

    #[test]
    fn title_has_the_width_of_the_page() {
        let mut out = Vec::new();
        Page::new(&mut out).title("Flow A").unwrap();
        let text = anstream::adapter::strip_bytes(&out).into_vec();
        assert_eq!(String::from_utf8(text).unwrap().trim().chars().count(), WIDTH);
    }

    #[test]
    fn false_claim_is_recorded() {
        let mut page = Page::new(Vec::new());
        page.check("this holds", true).unwrap();
        assert!(page.failed_checks().is_empty());
        page.check("this does not", false).unwrap();
        assert_eq!(page.failed_checks(), ["this does not"]);
    }
}
