//! The report of `doctor`: a table for people, a document for programs.
//!
//! The rating comes first, so that problems show at the left edge. It is a word; its colour adds nothing.

use std::borrow::Cow;
use std::fmt::Write as _;

use anstyle::Style;
use diagnostics::Status;
use printable::{excerpt, one_line};
use serde_json::{Value, json};
use terminal_ui::style::{EMPHASIS, ERROR, HINT, SUCCESS, WARNING};
use terminal_ui::{CommandPrefix, Hint, WrapOptions, wrap};

use crate::error::CliError;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) area: &'static str,
    pub(super) status: Status,
    pub(super) name: Cow<'static, str>,
    /// The finding. It may have text from outside in it, which is cleaned when it is printed.
    pub(super) found: String,
    /// What the user can do, step by step.
    pub(super) remedy: Vec<Hint>,
}

impl Row {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        let (area, status, remedy) = ("", Status::Ok, Vec::new());
        Self { area, status, name: name.into(), found: found.into(), remedy }
    }

    /// The message and the hint of a failure.
    pub(super) fn failed(name: impl Into<Cow<'static, str>>, failure: impl Into<CliError>) -> Self {
        let failure = failure.into();
        Self::new(name, failure.message()).only_remedy(failure.hint())
    }

    pub(super) fn adding(self, words: &str) -> Self {
        Self { found: self.found + words, ..self }
    }

    pub(super) fn remedy(mut self, step: impl Into<Hint>) -> Self {
        self.remedy.push(step.into());
        self
    }

    pub(super) fn only_remedy(self, step: impl Into<Option<Hint>>) -> Self {
        Self { remedy: step.into().into_iter().collect(), ..self }
    }
}

const ARROW: &str = "-> ";

/// The lines of some checks, for a terminal of this width. An area is named once.
pub(super) fn table(rows: &[Row], prefix: &CommandPrefix, columns: Option<usize>) -> String {
    const WIDEST: usize = 100;
    const NARROW: usize = 60;
    // `grep` finds whole sentences: only a terminal breaks lines.
    const UNLIMITED: usize = 1 << 16;
    let width = columns.map_or(UNLIMITED, |columns| columns.min(WIDEST));
    // The finding begins behind its name, or on a screen without room for that, below it.
    let indent = if width < NARROW { 6 } else { 26 };
    let in_lines = |text: &str, indent| wrap(text, WrapOptions { width, first: indent, indent });
    let (mut text, mut last) = (String::new(), "");
    for Row { area, status, name, found, remedy } in rows {
        let ([word, ..], style) = words(*status);
        let found = in_lines(&excerpt(found, LONGEST), indent);
        let _ = write!(text, "{style}{word:<4}{style:#}  ");
        let _ = if width < NARROW {
            writeln!(text, "{EMPHASIS}{area}{EMPHASIS:#} {name}\n{:indent$}{found}", "")
        } else {
            let area = if *area == last { "" } else { area };
            writeln!(text, "{EMPHASIS}{area:<7}{EMPHASIS:#}  {name:<9}  {found}")
        };
        for step in remedy {
            let step = in_lines(&one_line(&step.to_text(prefix)), indent + ARROW.len());
            let _ = writeln!(text, "{:indent$}{HINT}{ARROW}{HINT:#}{step}", "");
        }
        last = area;
    }
    text
}

/// Only text from outside is longer.
const LONGEST: usize = 400;

/// In the table, in a document, and behind a count of one and of more.
fn words(status: Status) -> ([&'static str; 4], Style) {
    match status {
        Status::Ok => (["ok", "ok", "ok", "ok"], SUCCESS),
        Status::Note => (["note", "note", "note", "notes"], HINT),
        Status::Warning => (["warn", "warning", "warning", "warnings"], WARNING),
        Status::Problem => (["FAIL", "problem", "problem", "problems"], ERROR),
    }
}

/// `A sign-in can work. 19 checks: 15 ok, 4 notes.`
pub(super) fn summary(rows: &[Row]) -> String {
    let counts = [Status::Ok, Status::Note, Status::Warning, Status::Problem].map(|status| {
        let count = rows.iter().filter(|row| row.status == status).count();
        let ([.., one, many], _) = words(status);
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
    });
    let works = if counts[3].is_none() { "A sign-in can work. " } else { "" };
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    format!("\n{works}{} checks: {}.\n", rows.len(), counts.join(", "))
}

pub(super) fn document(rows: &[Row], prefix: &CommandPrefix) -> Value {
    let checks: Vec<Value> = rows.iter().map(|row| row_as_json(row, prefix)).collect();
    json!({ "ok": rows.iter().all(|row| row.status != Status::Problem), "checks": checks })
}

fn row_as_json(Row { area, status, name, found, remedy }: &Row, prefix: &CommandPrefix) -> Value {
    let ([_, verdict, ..], _) = words(*status);
    let steps: Vec<String> = remedy.iter().map(|it| it.to_plain_text(prefix)).collect();
    let remedy = (!steps.is_empty()).then(|| steps.join("\n"));
    json!({ "area": area, "name": name, "verdict": verdict, "found": found, "remedy": remedy })
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal_ui::{command, say};

    use crate::args::SharedArgs;

    fn row(area: &'static str, status: Status, row: Row) -> Row {
        Row { area, status, ..row }
    }

    fn place() -> Row {
        row("store", Status::Ok, Row::new("place", "/home/ada/.codex/auth.json"))
    }

    /// Without the colours.
    fn plain(columns: usize, rows: &[Row]) -> String {
        let prefix = SharedArgs::usual().unwrap().command_prefix();
        let table = table(rows, &prefix, Some(columns));
        anstream::adapter::strip_str(&table).to_string()
    }

    #[test]
    fn area_is_named_once_and_remedy_is_below() {
        let mode =
            Row::new("mode", "other users may read it").remedy("chmod 600 it").remedy("and sleep");
        let rows = [
            place(),
            row("store", Status::Warning, mode),
            row("clock", Status::Problem, Row::new("time", "off")),
        ];
        let expected = "\
ok    store    place      /home/ada/.codex/auth.json
warn           mode       other users may read it
                          -> chmod 600 it
                          -> and sleep
FAIL  clock    time       off
";
        assert_eq!(plain(200, &rows), expected);
        assert_eq!(summary(&rows), "\n3 checks: 1 ok, 1 warning, 1 problem.\n");
        let expected = "\nA sign-in can work. 2 checks: 1 ok, 1 warning.\n";
        assert_eq!(summary(&rows[..2]), expected);
    }

    #[test]
    fn finding_is_below_its_name_on_a_narrow_screen() {
        let mode = Row::new("mode", "other users of this machine may read it")
            .remedy(command("login --port 1455,1457"))
            .remedy(say("on your side: ").run_other("ssh -L 1:localhost:1 ada@h".to_owned()));
        let rows = [place(), row("store", Status::Warning, mode)];
        let expected = "\
ok    store place
      /home/ada/.codex/auth.json
warn  store mode
      other users of this machine may
      read it
      -> login-cli login --port 1455,1457
      -> on your side:
         ssh -L 1:localhost:1 ada@h
";
        assert_eq!(plain(40, &rows), expected);
    }

    #[test]
    fn only_a_word_longer_than_a_line_exceeds_the_width() {
        let path = "/".repeat(90);
        let found = format!("{}{path} {}", "word ".repeat(30), "word ".repeat(30));
        let place = Row::new("place", found).remedy("go on ".repeat(40));
        let text = plain(200, &[row("store", Status::Ok, place)]);
        assert!(text.contains(&path));
        for line in text.lines().filter(|line| !line.contains(&path)) {
            assert!(line.chars().count() <= 100, "{line:?}");
            assert_eq!(line, line.trim_end());
        }
    }

    // threats 192
    #[test]
    fn text_from_outside_is_cleaned() {
        let hostile = "a\u{1b}[2J\nb\u{202e}".repeat(1000);
        let time = Row::new("time", &hostile).remedy(hostile.clone());
        let text = plain(200, &[row("clock", Status::Ok, time)]);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
}
