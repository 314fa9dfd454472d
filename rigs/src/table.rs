//! Figures beside what is expected of them, in columns.

use std::io::{self, Write};

/// One line of the table: a figure, what it is measured by, and what is expected.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    /// The figure, with its unit.
    pub(crate) measured: String,
    /// What it is divided by, with its unit; empty where nothing is.
    pub(crate) by: String,
    pub(crate) ratio: Option<f64>,
    pub(crate) expected: Option<Expected>,
}

/// What a figure should not exceed.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// In words, such as `at most 2.2`.
    pub(crate) text: String,
    pub(crate) is_met: bool,
}

impl Row {
    /// A figure and its ratio to another.
    pub(crate) fn ratio(what: &str, (measured, value): Figure, (by, unit): Figure) -> Self {
        let ratio = Some(value / unit);
        Self { what: what.to_owned(), measured, by, ratio, expected: None }
    }

    /// A figure on its own.
    pub(crate) fn figure(what: &str, measured: String) -> Self {
        Self { what: what.to_owned(), measured, by: String::new(), ratio: None, expected: None }
    }

    /// The same row, with what is expected of it.
    pub(crate) fn expect(self, text: &str, is_met: bool) -> Self {
        Self { expected: Some(Expected { text: text.to_owned(), is_met }), ..self }
    }

    fn cells(&self) -> [String; 5] {
        let ratio = self.ratio.map(|ratio| format!("{ratio:.2}"));
        let expected = self.expected.as_ref().map(|expected| {
            let mark = if expected.is_met { "✓" } else { "✗" };
            format!("{mark} {}", expected.text)
        });
        let (measured, by) = (self.measured.clone(), self.by.clone());
        let [ratio, expected] = [ratio, expected].map(Option::unwrap_or_default);
        [self.what.clone(), measured, by, ratio, expected]
    }
}

/// A figure in words, and its value.
pub(crate) type Figure = (String, f64);

const HEAD: [&str; 5] = ["", "measured", "beside", "ratio", "expected"];

/// Prints the table, and below it how many figures are not as expected.
pub(crate) fn print_judged(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    print(rows, out)?;
    let missed = rows.iter().filter(|row| row.expected.as_ref().is_some_and(|it| !it.is_met));
    match missed.count() {
        0 => writeln!(out, "\nEverything is as expected."),
        count => writeln!(out, "\n{count} of the figures are not as expected."),
    }
}

/// Prints the rows below a head, each column as wide as it has to be.
fn print(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let cells: Vec<_> =
        std::iter::once(HEAD.map(str::to_owned)).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 5] = std::array::from_fn(|column| width(column).unwrap_or_default());
    cells.iter().try_for_each(|row| writeln!(out, "{}", line(row, widths).trim_end()))
}

/// Words to the left, figures to the right.
fn line([what, measured, by, ratio, expected]: &[String; 5], widths: [usize; 5]) -> String {
    let [one, two, three, four, _] = widths;
    format!("{what:<one$}  {measured:>two$}  {by:>three$}  {ratio:>four$}  {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_to_the_left_and_figures_to_the_right() {
        let fast = ("105.0 ms".to_owned(), 105.0);
        let rows = [
            Row::ratio("flow A", fast, ("50 ms".to_owned(), 50.0)).expect("at most 2.2", true),
            Row::figure("binary", "12 MB".to_owned()).expect("under 4 MB", false),
            Row::figure("crates", "120".to_owned()),
        ];
        let mut out = Vec::new();
        print(&rows, &mut out).unwrap();
        let expected = [
            "        measured  beside  ratio  expected",
            "flow A  105.0 ms   50 ms   2.10  ✓ at most 2.2",
            "binary     12 MB                 ✗ under 4 MB",
            "crates       120",
        ];
        assert_eq!(String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(), expected);
    }
}
