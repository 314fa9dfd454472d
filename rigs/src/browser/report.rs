//! What was tried, what came of it, and whether that is as it should be.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

/// How a line turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Held,
    Broken,
    /// The browser did not do it, so there is nothing to see.
    Untried,
}

impl Verdict {
    pub(super) fn from_outcome(holds: bool) -> Self {
        if holds { Self::Held } else { Self::Broken }
    }

    fn shown(self) -> (&'static str, Style) {
        match self {
            Self::Held => ("held", AnsiColor::Green.on_default()),
            Self::Broken => ("broken", AnsiColor::Red.on_default().bold()),
            Self::Untried => ("not tried", AnsiColor::Yellow.on_default()),
        }
    }
}

/// One thing that was tried.
pub(super) struct Line {
    pub(super) tried: String,
    pub(super) seen: String,
    pub(super) verdict: Verdict,
}

/// All of it.
#[derive(Default)]
pub(super) struct Report {
    /// What was refused, or was to be.
    pub(super) attacks: Vec<Line>,
    /// What must be so, in the order of the course.
    pub(super) claims: Vec<Line>,
}

impl Report {
    /// Something that must be so, and what was seen of it.
    pub(super) fn claim(&mut self, tried: &str, seen: impl Into<String>, holds: bool) {
        let (tried, seen) = (tried.to_owned(), seen.into());
        self.claims.push(Line { tried, seen, verdict: Verdict::from_outcome(holds) });
    }

    /// How many lines did not hold. A browser that tries nothing at all has shown nothing.
    pub(super) fn broken(&self) -> usize {
        let count = |verdict| self.lines().filter(|line| line.verdict == verdict).count();
        let nothing = self.attacks.iter().all(|line| line.verdict == Verdict::Untried);
        count(Verdict::Broken) + if nothing { self.attacks.len() } else { 0 }
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.attacks.iter().chain(&self.claims)
    }

    /// Prints it as two tables.
    ///
    /// # Errors
    ///
    /// Nobody reads it.
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let head = format!("{:<13}right state", "wrong state");
        self.table(out, "A page of another origin tries", &head, &self.attacks)?;
        self.table(out, "And then", "seen", &self.claims)
    }

    fn table(
        &self,
        out: &mut impl Write,
        tried: &str,
        seen: &str,
        lines: &[Line],
    ) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let width = |text: fn(&Line) -> &str| {
            self.lines().map(|line| text(line).chars().count()).max().unwrap_or_default()
        };
        let (wide, narrow) = (width(|line| &line.tried), width(|line| &line.seen));
        let bold = Style::new().bold();
        writeln!(out, "\n{bold}{tried:<wide$}  {seen}{bold:#}")?;
        for Line { tried, seen, verdict } in lines {
            let (word, style) = verdict.shown();
            writeln!(out, "{tried:<wide$}  {seen:<narrow$}  {style}{word}{style:#}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(verdict: Verdict) -> Line {
        Line { tried: "<img>".to_owned(), seen: "403".to_owned(), verdict }
    }

    #[test]
    fn a_broken_line_counts_and_so_does_a_browser_that_tries_nothing() {
        let mut report = Report { attacks: vec![line(Verdict::Untried)], claims: Vec::new() };
        assert_eq!(report.broken(), 1);
        report.attacks.push(line(Verdict::Held));
        assert_eq!(report.broken(), 0);
        report.claim("a claim", "otherwise", false);
        assert_eq!(report.broken(), 1);
    }

    #[test]
    fn every_line_ends_with_its_verdict() {
        let mut report = Report { attacks: vec![line(Verdict::Held)], claims: Vec::new() };
        report.claim("a longer claim", "no", false);
        let mut out = Vec::new();
        report.print(&mut out).unwrap();
        let text = String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap();
        assert!(text.contains("\n<img>           403  held\n"), "{text}");
        assert!(text.contains("\na longer claim  no   broken\n"), "{text}");
    }
}
