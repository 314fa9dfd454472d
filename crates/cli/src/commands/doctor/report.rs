//! How the checks are shown: a table for people, a document for programs.
//!
//! The verdict comes first, so that the eye finds what is wrong by running down the left edge; it is
//! a word, and its colour says nothing more.

use std::fmt::Write as _;

use anstyle::Style;
use diagnostics::Status;
use printable::{excerpt, one_line};
use serde_json::{Value, json};
use terminal_ui::style::{EMPHASIS, ERROR, HINT, SUCCESS, WARNING};
use terminal_ui::{CommandPrefix, Page, wrapped};

use super::row::{Row, Text};

/// How wide the page is, and where what was found begins on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    width: usize,
    indent: usize,
}

/// Before every step of a remedy.
const ARROW: &str = "-> ";

impl Layout {
    /// For so many columns; as wide as is good to read where nobody says how many there are.
    pub(super) fn for_width(columns: Option<usize>) -> Self {
        const WIDEST: usize = 100;
        // Less leaves too little room beside the first columns.
        const NARROW: usize = 60;
        let width = columns.unwrap_or(WIDEST).min(WIDEST);
        Self { width, indent: if width < NARROW { 6 } else { 26 } }
    }

    fn is_narrow(self) -> bool {
        self.indent < 26
    }

    /// The lines of some checks. An area is named once.
    pub(super) fn table(self, rows: &[Row], prefix: &CommandPrefix) -> String {
        let mut text = String::new();
        let mut area = "";
        for row in rows {
            let shown = if row.area == area && !self.is_narrow() { "" } else { row.area };
            area = row.area;
            self.row(&mut text, row, shown, prefix);
        }
        text
    }

    /// What was found stands behind the name, or below it.
    fn row(self, text: &mut String, row: &Row, area: &str, prefix: &CommandPrefix) {
        let (word, style) = shown(row.status);
        let Text { name, found, remedy } = &row.text;
        let indent = self.indent;
        let found = self.wrapped(&excerpt(found, LONGEST), indent);
        // Writing to a text cannot fail.
        let _ = write!(text, "{style}{word:<4}{style:#}  ");
        let _ = match self.is_narrow() {
            true => writeln!(text, "{EMPHASIS}{area}{EMPHASIS:#} {name}\n{:indent$}{found}", ""),
            false => writeln!(text, "{EMPHASIS}{area:<7}{EMPHASIS:#}  {name:<9}  {found}"),
        };
        for step in remedy {
            let step = self.wrapped(&one_line(&step.to_text(prefix)), indent + ARROW.len());
            let _ = writeln!(text, "{:indent$}{HINT}{ARROW}{HINT:#}{step}", "");
        }
    }

    fn wrapped(self, text: &str, indent: usize) -> String {
        wrapped(text, Page { width: self.width, first: indent, indent })
    }
}

/// Longer than anything that is found, unless somebody else wrote it.
const LONGEST: usize = 400;

fn shown(status: Status) -> (&'static str, Style) {
    match status {
        Status::Ok => ("ok", SUCCESS),
        Status::Note => ("note", HINT),
        Status::Warning => ("warn", WARNING),
        Status::Problem => ("FAIL", ERROR),
    }
}

/// What it comes to, in one line.
pub(super) fn summary(rows: &[Row]) -> String {
    let mut text = format!("{} checks: ", rows.len());
    let mut separator = "";
    for (status, one, many) in [
        (Status::Ok, "ok", "ok"),
        (Status::Note, "note", "notes"),
        (Status::Warning, "warning", "warnings"),
        (Status::Problem, "problem", "problems"),
    ] {
        let count = count(rows, status);
        if count > 0 {
            let _ = write!(text, "{separator}{count} {}", if count == 1 { one } else { many });
            separator = ", ";
        }
    }
    let is_fit = count(rows, Status::Problem) == 0;
    format!("\n{}{text}.\n", if is_fit { "A sign-in can work. " } else { "" })
}

pub(super) fn count(rows: &[Row], status: Status) -> usize {
    rows.iter().filter(|row| row.status == status).count()
}

/// One document with all of them, and what it comes to where that is a failure.
pub(super) fn document(rows: &[Row], prefix: &CommandPrefix, error: Option<Value>) -> Value {
    let checks: Vec<Value> = rows.iter().map(|row| value(row, prefix)).collect();
    let mut document = json!({ "ok": error.is_none(), "checks": checks });
    if let Some(error) = error {
        document["error"] = error;
    }
    document
}

fn value(row: &Row, prefix: &CommandPrefix) -> Value {
    let verdict = match row.status {
        Status::Ok => "ok",
        Status::Note => "note",
        Status::Warning => "warning",
        Status::Problem => "problem",
    };
    let Text { name, found, remedy } = &row.text;
    let steps: Vec<String> = remedy.iter().map(|it| it.to_plain_text(prefix)).collect();
    let remedy = (!steps.is_empty()).then(|| steps.join("\n"));
    json!({
        "area": row.area,
        "name": name,
        "verdict": verdict,
        "found": found,
        "remedy": remedy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal_ui::{command, say};

    use crate::args::SharedArgs;

    fn row(area: &'static str, status: Status, text: Text) -> Row {
        Row { area, status, text }
    }

    fn place() -> Row {
        row("store", Status::Ok, Text::new("place", "/home/ada/.codex/auth.json"))
    }

    /// Without the colours.
    fn plain(columns: usize, rows: &[Row]) -> String {
        let table = Layout::for_width(Some(columns))
            .table(rows, &SharedArgs::usual().unwrap().command_prefix());
        anstream::adapter::strip_str(&table).to_string()
    }

    #[test]
    fn an_area_is_named_once_and_a_remedy_stands_below() {
        let mode =
            Text::new("mode", "other users may read it").remedy("chmod 600 it").remedy("and sleep");
        let rows = [
            place(),
            row("store", Status::Warning, mode),
            row("clock", Status::Problem, Text::new("time", "off")),
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
    fn where_there_is_little_room_it_stands_below() {
        let mode = Text::new("mode", "other users of this machine may read it")
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
    fn only_a_word_that_is_longer_than_a_line_leaves_the_page() {
        let path = "/".repeat(90);
        let found = format!("{}{path} {}", "word ".repeat(30), "word ".repeat(30));
        let place = Text::new("place", found).remedy("go on ".repeat(40));
        let text = plain(200, &[row("store", Status::Ok, place)]);
        assert!(text.contains(&path));
        for line in text.lines().filter(|line| !line.contains(&path)) {
            assert!(line.chars().count() <= 100, "{line:?}");
            assert_eq!(line, line.trim_end());
        }
    }

    // threats 192
    #[test]
    fn what_comes_from_outside_is_cleaned() {
        let hostile = "a\u{1b}[2J\nb\u{202e}".repeat(1000);
        let time = Text::new("time", &hostile).remedy(hostile.clone());
        let text = plain(200, &[row("clock", Status::Ok, time)]);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
}
