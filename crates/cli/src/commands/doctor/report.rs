//! How the checks are shown: a table for people, a document for programs.
//!
//! The verdict comes first, so that the eye finds what is wrong by running down the left edge; it is
//! a word, and its colour says nothing more.

use std::fmt::Write as _;

use anstyle::Style;
use printable::{excerpt, one_line};
use serde_json::{Value, json};

use super::check::{Check, Verdict};
use crate::terminal::{ADVICE, BAD, CAUTION, EMPHASIS, GOOD};

/// No line is wider, unless an address or a path is.
const WIDTH: usize = 100;

/// Where the third column begins: verdict, area and name stand before it.
const INDENT: usize = 26;

/// Before every step of a remedy.
const ARROW: &str = "-> ";

/// The lines of some checks. An area is named once.
pub(super) fn table(checks: &[Check]) -> String {
    let mut text = String::new();
    let mut area = "";
    for check in checks {
        let shown = if check.area == area { "" } else { check.area };
        area = check.area;
        row(&mut text, check, shown);
    }
    text
}

fn row(text: &mut String, check: &Check, area: &str) {
    let (word, style) = shown(check.verdict);
    let name = check.name;
    // Writing to a text cannot fail.
    let _ = write!(text, "{style}{word:<4}{style:#}  ");
    let _ = write!(text, "{EMPHASIS}{area:<7}{EMPHASIS:#}  {name:<9}  ");
    wrapped(text, &excerpt(&check.found, LONGEST), INDENT);
    for step in check.remedy.iter().flat_map(|remedy| remedy.lines()) {
        let _ = write!(text, "{:INDENT$}{ADVICE}{ARROW}{ADVICE:#}", "");
        wrapped(text, &one_line(step), INDENT + ARROW.len());
    }
}

/// Longer than anything that is found, unless somebody else wrote it.
const LONGEST: usize = 400;

fn shown(verdict: Verdict) -> (&'static str, Style) {
    match verdict {
        Verdict::Good => ("ok", GOOD),
        Verdict::Note => ("note", ADVICE),
        Verdict::Warning => ("warn", CAUTION),
        Verdict::Problem => ("FAIL", BAD),
    }
}

/// Writes the rest of a line that has `indent` columns already, and what does not fit below it.
fn wrapped(text: &mut String, words: &str, indent: usize) {
    let mut column = indent;
    for word in words.split(' ') {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            let _ = write!(text, "\n{:indent$}", "");
            column = indent;
        }
        if column > indent {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
}

/// What it comes to, in one line.
pub(super) fn summary(checks: &[Check]) -> String {
    let mut text = format!("{} checks: ", checks.len());
    let mut separator = "";
    for (verdict, one, many) in [
        (Verdict::Good, "ok", "ok"),
        (Verdict::Note, "note", "notes"),
        (Verdict::Warning, "warning", "warnings"),
        (Verdict::Problem, "problem", "problems"),
    ] {
        let count = count(checks, verdict);
        if count > 0 {
            let _ = write!(text, "{separator}{count} {}", if count == 1 { one } else { many });
            separator = ", ";
        }
    }
    let is_fit = count(checks, Verdict::Problem) == 0;
    format!("\n{}{text}.\n", if is_fit { "A sign-in can work. " } else { "" })
}

pub(super) fn count(checks: &[Check], verdict: Verdict) -> usize {
    checks.iter().filter(|check| check.verdict == verdict).count()
}

/// One document with all of them, and what it comes to where that is a failure.
pub(super) fn document(checks: &[Check], error: Option<Value>) -> Value {
    let checks: Vec<Value> = checks.iter().map(value).collect();
    let mut document = json!({ "ok": error.is_none(), "checks": checks });
    if let Some(error) = error {
        document["error"] = error;
    }
    document
}

fn value(check: &Check) -> Value {
    let verdict = match check.verdict {
        Verdict::Good => "ok",
        Verdict::Note => "note",
        Verdict::Warning => "warning",
        Verdict::Problem => "problem",
    };
    let Check { area, name, found, remedy, .. } = check;
    json!({ "area": area, "name": name, "verdict": verdict, "found": found, "remedy": remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without the colours.
    fn plain(checks: &[Check]) -> String {
        anstream::adapter::strip_str(&table(checks)).to_string()
    }

    #[test]
    fn an_area_is_named_once_and_a_remedy_stands_below() {
        let checks = [
            Check::new("store", "place", Verdict::Good, "/home/ada/.codex/auth.json"),
            Check::new("store", "mode", Verdict::Warning, "other users may read it")
                .remedy("chmod 600 it\nand sleep"),
            Check::new("clock", "time", Verdict::Problem, "off"),
        ];
        let expected = "\
ok    store    place      /home/ada/.codex/auth.json
warn           mode       other users may read it
                          -> chmod 600 it
                          -> and sleep
FAIL  clock    time       off
";
        assert_eq!(plain(&checks), expected);
        assert_eq!(summary(&checks), "\n3 checks: 1 ok, 1 warning, 1 problem.\n");
        let expected = "\nA sign-in can work. 2 checks: 1 ok, 1 warning.\n";
        assert_eq!(summary(&checks[..2]), expected);
    }

    #[test]
    fn only_a_word_that_is_longer_than_a_line_leaves_the_page() {
        let path = "/".repeat(90);
        let found = format!("{}{path} {}", "word ".repeat(30), "word ".repeat(30));
        let checks =
            [Check::new("store", "place", Verdict::Good, found).remedy("go on ".repeat(40))];
        let text = plain(&checks);
        assert!(text.contains(&path));
        for line in text.lines().filter(|line| !line.contains(&path)) {
            assert!(line.chars().count() <= WIDTH, "{line:?}");
            assert_eq!(line, line.trim_end());
        }
    }

    // threats 192
    #[test]
    fn what_comes_from_outside_is_cleaned() {
        let hostile = "a\u{1b}[2J\nb\u{202e}".repeat(1000);
        let check = Check::new("clock", "time", Verdict::Good, &hostile);
        let text = plain(&[check.clone().remedy(&hostile)]);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
}
