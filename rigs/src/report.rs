//! What was counted and timed, beside what is promised.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use crate::table::{self, Row};

/// The table in the making.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    wrong_counts: Vec<String>,
    details: Vec<String>,
}

impl Report {
    /// A count that is right or wrong, whatever the machine.
    pub(crate) fn count(&mut self, what: &str, measured: usize, expected: usize) {
        let row = Row::figure(what, measured.to_string());
        self.rows.push(row.expect(&expected.to_string(), measured == expected));
        if measured != expected {
            self.wrong_counts.push(format!("{}: {measured} of {expected}", what.trim()));
        }
    }

    /// A time that should not be longer than this; none was not measured.
    pub(crate) fn time(&mut self, what: &str, measured: Option<Duration>, most: Duration) {
        let (text, is_met) = match measured {
            Some(time) => (milliseconds(time), time <= most),
            None => ("not measured".to_owned(), false),
        };
        let expected = format!("at most {} ms", most.as_millis());
        self.rows.push(Row::figure(what, text).expect(&expected, is_met));
    }

    /// A figure that should not be larger than this. What was not measured is zero.
    pub(crate) fn most(&mut self, what: &str, measured: u64, most: u64) {
        self.size(what, measured, |figure| figure.to_string(), most);
    }

    /// The same in bytes.
    pub(crate) fn memory(&mut self, what: &str, measured: u64, most: u64) {
        let mebibytes =
            |bytes: u64| format!("{}.{} MiB", bytes >> 20, (bytes >> 10) % 1024 * 10 / 1024);
        self.size(what, measured, mebibytes, most);
    }

    fn size(&mut self, what: &str, measured: u64, in_words: fn(u64) -> String, most: u64) {
        let is_known = measured > 0;
        let text = if is_known { in_words(measured) } else { "not measured".to_owned() };
        let expected = format!("at most {}", in_words(most));
        self.rows.push(Row::figure(what, text).expect(&expected, is_known && measured <= most));
    }

    /// Something that this machine lacks what it takes for, and what would help.
    pub(crate) fn skipped(&mut self, what: &str, help: &str) {
        crate::skipped(&format!("{what}: {help}"));
        self.rows.push(Row::figure(what, "skipped".to_owned()).expect(help, false));
    }

    /// A figure of which nothing is expected.
    pub(crate) fn note(&mut self, what: &str, measured: String) {
        self.rows.push(Row::figure(what, measured));
    }

    /// What a count alone does not tell, in a line below the table.
    pub(crate) fn detail(&mut self, text: String) {
        self.details.push(text);
    }

    /// Prints the table.
    ///
    /// # Errors
    ///
    /// A count is wrong, or the table cannot be written.
    pub(crate) fn print(self, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
        table::print_judged(&self.rows, out)?;
        self.details.iter().try_for_each(|detail| writeln!(out, "{detail}"))?;
        match self.wrong_counts.is_empty() {
            true => Ok(()),
            false => Err(format!("counts are wrong: {}", self.wrong_counts.join("; ")).into()),
        }
    }
}

pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_count_fails_and_a_long_time_does_not() {
        let second = Duration::from_secs(1);
        let mut report = Report::default();
        report.time("too long", Some(second * 2), second);
        report.time("unknown", None, second);
        report.memory("too large", 33 << 20, 32 << 20);
        report.most("unknown", 0, 8);
        report.count("right", 200, 200);
        let mut out = Vec::new();
        report.print(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("2000.0 ms                 ✗ at most 1000 ms\n"), "{text}");
        assert!(text.contains("33.0 MiB                 ✗ at most 32.0 MiB\n"), "{text}");
        assert!(text.ends_with("4 of the figures are not as expected.\n"), "{text}");

        let mut report = Report::default();
        report.count("  sign-ins", 199, 200);
        let error = report.print(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "counts are wrong: sign-ins: 199 of 200");
    }
}
