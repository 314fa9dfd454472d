//! A table of what was measured or seen, next to what is expected.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

/// The table in the making.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
    details: Vec<String>,
}

/// A figure or a claim.
#[derive(Debug)]
pub(crate) struct Line {
    what: String,
    pub(crate) seen: String,
    pub(crate) verdict: Verdict,
    expected: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is expected.
    Noted,
    Met,
    /// A figure is larger than expected. It fails nothing: a machine may be busy.
    Missed,
    /// A count or a claim is wrong, which fails.
    Wrong,
    /// It was not tried.
    NotChecked,
}

impl Line {
    /// What has to hold, and what was seen of it.
    pub(crate) fn claim(claim: &str, seen: impl Into<String>, holds: bool) -> Self {
        Self::new(claim, seen, if holds { Verdict::Met } else { Verdict::Wrong })
    }

    pub(crate) fn new(what: &str, seen: impl Into<String>, verdict: Verdict) -> Self {
        Self { what: what.to_owned(), seen: seen.into(), verdict, expected: String::new() }
    }

    fn expected(self, expected: String) -> Self {
        Self { expected, ..self }
    }

    fn cells(&self) -> [String; 3] {
        let mark = match self.verdict {
            Verdict::Noted => "",
            Verdict::Met => "✓ ",
            Verdict::Missed | Verdict::Wrong => "✗ ",
            Verdict::NotChecked => "– ",
        };
        [self.what.clone(), self.seen.clone(), format!("{mark}{}", self.expected)]
    }
}

impl Report {
    pub(crate) fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// What has to hold on every machine, and what was seen of it.
    pub(crate) fn claim(&mut self, claim: &str, seen: impl Into<String>, holds: bool) {
        self.add(Line::claim(claim, seen, holds));
    }

    /// A count that is right or wrong on every machine.
    pub(crate) fn count(&mut self, what: &str, measured: usize, expected: usize) {
        let line = Line::claim(what, measured.to_string(), measured == expected);
        self.add(line.expected(expected.to_string()));
    }

    /// A time and its limit; `None` was not measured.
    pub(crate) fn time(&mut self, what: &str, measured: Option<Duration>, most: Duration) {
        let is_met = measured.is_some_and(|time| time <= most);
        self.limited(what, measured.map(milliseconds), is_met, &milliseconds(most));
    }

    /// A figure and its limit; 0 was not measured.
    pub(crate) fn at_most(&mut self, what: &str, measured: u64, most: u64) {
        let text = (measured > 0).then(|| measured.to_string());
        self.limited(what, text, (1..=most).contains(&measured), &most.to_string());
    }

    /// A figure in bytes and its limit; 0 was not measured.
    pub(crate) fn bytes(&mut self, what: &str, measured: u64, most: u64) {
        let text = (measured > 0).then(|| megabytes(measured));
        self.limited(what, text, (1..=most).contains(&measured), &megabytes(most));
    }

    /// A time as a multiple of another, and the largest multiple that is expected.
    pub(crate) fn ratio(&mut self, what: &str, time: Duration, unit: Duration, most: Option<f64>) {
        let ratio = time.as_secs_f64() / unit.as_secs_f64();
        let seen = format!("{} = {ratio:.2} × {}", milliseconds(time), milliseconds(unit));
        match most {
            Some(most) => self.limited(what, Some(seen), ratio <= most, &format!("{most:.2} ×")),
            None => self.note(what, seen),
        }
    }

    fn limited(&mut self, what: &str, seen: Option<String>, is_met: bool, most: &str) {
        let verdict = if is_met { Verdict::Met } else { Verdict::Missed };
        let seen = seen.unwrap_or_else(|| "not measured".to_owned());
        self.add(Line::new(what, seen, verdict).expected(format!("at most {most}")));
    }

    /// A check that this machine lacks a tool for.
    pub(crate) fn skipped(&mut self, what: &str, help: &str) {
        crate::skipped(&format!("{what}: {help}"));
        self.add(Line::new(what, "skipped", Verdict::NotChecked).expected(help.to_owned()));
    }

    /// A figure of which nothing is expected.
    pub(crate) fn note(&mut self, what: &str, seen: impl Into<String>) {
        self.add(Line::new(what, seen, Verdict::Noted));
    }

    /// A line below the table.
    pub(crate) fn detail(&mut self, text: String) {
        self.details.push(text);
    }

    /// Prints the table.
    ///
    /// # Errors
    ///
    /// A count or a claim is wrong, or the table cannot be written.
    pub(crate) fn print(&self, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
        let cells: Vec<_> = self.lines.iter().map(Line::cells).collect();
        let width = |column: usize| cells.iter().map(|it| it[column].chars().count()).max();
        let [first, second] = [0, 1].map(|column| width(column).unwrap_or_default());
        for [what, seen, expected] in &cells {
            let line = format!("{what:<first$}  {seen:>second$}  {expected}");
            writeln!(out, "{}", line.trim_end())?;
        }
        self.details.iter().try_for_each(|detail| writeln!(out, "{detail}"))?;
        let missed = self.lines.iter().filter(|line| line.verdict == Verdict::Missed).count();
        if missed > 0 {
            writeln!(out, "\n{missed} figures are larger than expected.")?;
        }
        let wrong = self.lines.iter().filter(|line| line.verdict == Verdict::Wrong);
        match wrong.map(|it| format!("{}: {}", it.what.trim(), it.seen)).collect::<Vec<_>>() {
            wrong if wrong.is_empty() => Ok(()),
            wrong => Err(format!("this is wrong: {}", wrong.join("; ")).into()),
        }
    }
}

pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// With two digits, rounded down.
fn megabytes(bytes: u64) -> String {
    format!("{}.{:02} MB", bytes / 1_000_000, bytes / 10_000 % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_count_fails_and_slow_time_does_not() {
        let second = Duration::from_secs(1);
        let mut report = Report::default();
        report.time("too long", Some(second * 2), second);
        report.time("unknown", None, second);
        report.bytes("large", 33_000_000, 32_000_000);
        report.count("right", 200, 200);
        report.ratio("ratio", second, second * 2, Some(0.75));
        let mut out = Vec::new();
        report.print(&mut out).unwrap();
        let expected = "\
too long               2000.0 ms  ✗ at most 1000.0 ms
unknown             not measured  ✗ at most 1000.0 ms
large                   33.00 MB  ✗ at most 32.00 MB
right                        200  ✓ 200
ratio     1000.0 ms = 0.50 × 2000.0 ms  ✓ at most 0.75 ×

3 figures are larger than expected.
";
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&String::from_utf8(out).unwrap()), squeezed(expected));

        report.count("  sign-ins", 199, 200);
        let error = report.print(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "this is wrong: sign-ins: 199");
    }
}
