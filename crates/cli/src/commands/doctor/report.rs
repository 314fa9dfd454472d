//! How the checks are shown: a table for people, a document for programs.
//!
//! The verdict comes first, so that the eye finds what is wrong by running down the left edge; it is
//! a word, and its colour says nothing more.

use std::fmt::Write as _;

use anstyle::Style;
use printable::{excerpt, one_line};
use serde_json::{Value, json};

use super::check::{Check, Verdict};
use terminal_ui::style::{EMPHASIS, ERROR, HINT, SUCCESS, WARNING};
use terminal_ui::{CommandPrefix, Page, wrapped};

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
    pub(super) fn of(columns: Option<usize>) -> Self {
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
    pub(super) fn table(self, checks: &[Check], prefix: &CommandPrefix) -> String {
        let mut text = String::new();
        let mut area = "";
        for check in checks {
            let shown = if check.area == area && !self.is_narrow() { "" } else { check.area };
            area = check.area;
            self.row(&mut text, check, shown, prefix);
        }
        text
    }

    /// What was found stands behind the name, or below it.
    fn row(self, text: &mut String, check: &Check, area: &str, prefix: &CommandPrefix) {
        let (word, style) = shown(check.verdict);
        let (name, indent) = (check.name, self.indent);
        let found = self.wrapped(&excerpt(&check.found, LONGEST), indent);
        // Writing to a text cannot fail.
        let _ = write!(text, "{style}{word:<4}{style:#}  ");
        let _ = match self.is_narrow() {
            true => writeln!(text, "{EMPHASIS}{area}{EMPHASIS:#} {name}\n{:indent$}{found}", ""),
            false => writeln!(text, "{EMPHASIS}{area:<7}{EMPHASIS:#}  {name:<9}  {found}"),
        };
        for step in &check.remedy {
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

fn shown(verdict: Verdict) -> (&'static str, Style) {
    match verdict {
        Verdict::Good => ("ok", SUCCESS),
        Verdict::Note => ("note", HINT),
        Verdict::Warning => ("warn", WARNING),
        Verdict::Problem => ("FAIL", ERROR),
    }
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
pub(super) fn document(checks: &[Check], prefix: &CommandPrefix, error: Option<Value>) -> Value {
    let checks: Vec<Value> = checks.iter().map(|check| value(check, prefix)).collect();
    let mut document = json!({ "ok": error.is_none(), "checks": checks });
    if let Some(error) = error {
        document["error"] = error;
    }
    document
}

fn value(check: &Check, prefix: &CommandPrefix) -> Value {
    let verdict = match check.verdict {
        Verdict::Good => "ok",
        Verdict::Note => "note",
        Verdict::Warning => "warning",
        Verdict::Problem => "problem",
    };
    let Check { area, name, found, .. } = check;
    let steps: Vec<String> = check.remedy.iter().map(|it| it.to_plain_text(prefix)).collect();
    let remedy = (!steps.is_empty()).then(|| steps.join("\n"));
    json!({ "area": area, "name": name, "verdict": verdict, "found": found, "remedy": remedy })
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal_ui::{command, say};

    use crate::args::SharedArgs;

    /// Without the colours.
    fn plain(columns: usize, checks: &[Check]) -> String {
        let table =
            Layout::of(Some(columns)).table(checks, &SharedArgs::usual().unwrap().command_prefix());
        anstream::adapter::strip_str(&table).to_string()
    }

    #[test]
    fn an_area_is_named_once_and_a_remedy_stands_below() {
        let checks = [
            Check::new("store", "place", Verdict::Good, "/home/ada/.codex/auth.json"),
            Check::new("store", "mode", Verdict::Warning, "other users may read it")
                .remedy("chmod 600 it")
                .remedy("and sleep"),
            Check::new("clock", "time", Verdict::Problem, "off"),
        ];
        let expected = "\
ok    store    place      /home/ada/.codex/auth.json
warn           mode       other users may read it
                          -> chmod 600 it
                          -> and sleep
FAIL  clock    time       off
";
        assert_eq!(plain(200, &checks), expected);
        assert_eq!(summary(&checks), "\n3 checks: 1 ok, 1 warning, 1 problem.\n");
        let expected = "\nA sign-in can work. 2 checks: 1 ok, 1 warning.\n";
        assert_eq!(summary(&checks[..2]), expected);
    }

    #[test]
    fn where_there_is_little_room_it_stands_below() {
        let checks = [
            Check::new("store", "place", Verdict::Good, "/home/ada/.codex/auth.json"),
            Check::new(
                "store",
                "mode",
                Verdict::Warning,
                "other users of this machine may read it",
            )
            .remedy(command("login --port 1455,1457"))
            .remedy(say("on your side: ").run_other("ssh -L 1:localhost:1 ada@h".to_owned())),
        ];
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
        assert_eq!(plain(40, &checks), expected);
    }

    #[test]
    fn only_a_word_that_is_longer_than_a_line_leaves_the_page() {
        let path = "/".repeat(90);
        let found = format!("{}{path} {}", "word ".repeat(30), "word ".repeat(30));
        let checks =
            [Check::new("store", "place", Verdict::Good, found).remedy("go on ".repeat(40))];
        let text = plain(200, &checks);
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
        let check = Check::new("clock", "time", Verdict::Good, &hostile);
        let text = plain(200, &[check.clone().remedy(hostile)]);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
}
