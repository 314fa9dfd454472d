//! What may go wrong, and the tests that cover it: a test that covers a row of `docs/threats.md` says so just
//! above it, as `// threats 59` or `// threats 59 60`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::sources::{Source, rust_sources};

const TABLE: &str = "docs/threats.md";

/// A part of the table: its heading, and the numbers of its rows.
#[derive(Debug, PartialEq)]
struct Section<'a> {
    title: &'a str,
    rows: Vec<u32>,
}

/// The rows to show.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Show the tests of these rows alone
    rows: Vec<u32>,
}

/// Counts the rows with tests, or lists the tests of some rows.
///
/// # Errors
///
/// A row that no test names, or a test that names no row.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let named = named_in_all(&rust_sources(root)?);
    if !options.rows.is_empty() {
        return Ok(show(&options.rows, &named, out)?);
    }
    let text = fs::read_to_string(root.join(TABLE))?;
    let sections = sections(&text);
    report(&sections, &named, out)?;
    let rows: BTreeSet<u32> = sections.iter().flat_map(|section| section.rows.clone()).collect();
    match named.keys().copied().collect::<BTreeSet<_>>() == rows {
        true => Ok(()),
        false => Err("the tests and the rows of docs/threats.md do not agree".into()),
    }
}

/// Each row, and the files of the tests that name it.
fn show(rows: &[u32], named: &Named, out: &mut impl Write) -> io::Result<()> {
    for row in rows {
        let files = named.get(row).map(|files| files.iter().cloned().collect::<Vec<_>>());
        writeln!(out, "{row}: {}", files.unwrap_or_default().join(", "))?;
    }
    Ok(())
}

/// The numbers of a line that names rows; `None` for every other line.
pub(crate) fn named_by(line: &str) -> Option<Vec<u32>> {
    let list = line.trim().strip_prefix("// threats ")?;
    list.split([' ', ',']).filter(|word| !word.is_empty()).map(|word| word.parse().ok()).collect()
}

/// The files that name each row.
type Named = BTreeMap<u32, BTreeSet<String>>;

fn named_in_all(sources: &[Source]) -> Named {
    let mut named = Named::new();
    for source in sources {
        for row in source.text.lines().filter_map(named_by).flatten() {
            named.entry(row).or_default().insert(source.path.clone());
        }
    }
    named
}

/// The headings that have numbered rows below them: `| 59 | input | what must happen |`.
fn sections(table: &str) -> Vec<Section<'_>> {
    let mut sections = vec![Section { title: "", rows: Vec::new() }];
    for line in table.lines() {
        if let Some(title) = line.strip_prefix("### ").or_else(|| line.strip_prefix("## ")) {
            sections.push(Section { title, rows: Vec::new() });
        } else if let (Some(row), Some(section)) = (row_number(line), sections.last_mut()) {
            section.rows.push(row);
        }
    }
    sections.retain(|section| !section.rows.is_empty());
    sections
}

fn row_number(line: &str) -> Option<u32> {
    line.strip_prefix('|')?.split('|').next()?.trim().parse().ok()
}

fn report(sections: &[Section<'_>], named: &Named, out: &mut impl Write) -> io::Result<()> {
    for section in sections {
        let total = section.rows.len();
        let open = section.rows.iter().filter(|row| !named.contains_key(row));
        let open: Vec<u32> = open.copied().collect();
        writeln!(out, "{:>3} of {total:>3}  {}", total - open.len(), section.title)?;
        if !open.is_empty() {
            writeln!(out, "            not yet: {}", list(&open))?;
        }
    }
    report_all(sections, named, out)
}

fn report_all(sections: &[Section<'_>], named: &Named, out: &mut impl Write) -> io::Result<()> {
    let named: BTreeSet<u32> = named.keys().copied().collect();
    let rows: BTreeSet<u32> = sections.iter().flat_map(|section| section.rows.clone()).collect();
    writeln!(out, "{:>3} of {:>3}  in all", rows.intersection(&named).count(), rows.len())?;
    let unknown: Vec<u32> = named.difference(&rows).copied().collect();
    if !unknown.is_empty() {
        writeln!(out, "named by a test, but no row of the table: {}", list(&unknown))?;
    }
    Ok(())
}

fn list(numbers: &[u32]) -> String {
    let words: Vec<String> = numbers.iter().map(u32::to_string).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
# Threats
## Vocabulary
| word | meaning |
### crate `pkce`
| # | input |
| --- | --- |
| 1 | a vector |
| 2 | a shape |
### crate `cli`
| 19 | an exit code |
| F1 | a figure |
";

    #[test]
    fn threats_comment_has_one_or_more_row_numbers() {
        assert_eq!(named_by("    // threats 59"), Some(vec![59]));
        assert_eq!(named_by("// threats 1 2, 31"), Some(vec![1, 2, 31]));
        for other in ["// threats", "// threats many", "//! threats 59", "let threats = 59;", ""] {
            assert_eq!(named_by(other), None, "{other}");
        }
    }

    #[test]
    fn rows_are_grouped_by_section() {
        assert_eq!(
            sections(TABLE),
            [
                Section { title: "crate `pkce`", rows: vec![1, 2] },
                Section { title: "crate `cli`", rows: vec![19] },
            ]
        );
    }

    #[test]
    fn report_lists_tested_untested_and_unknown_rows() {
        let named = [2, 19, 400].map(|row| (row, BTreeSet::from(["a.rs".to_owned()])));
        let (named, mut out) = (Named::from(named), Vec::new());
        report(&sections(TABLE), &named, &mut out).unwrap();
        show(&[2, 3], &named, &mut out).unwrap();
        let expected = "  1 of   2  crate `pkce`
            not yet: 1
  1 of   1  crate `cli`
  2 of   3  in all
named by a test, but no row of the table: 400
2: a.rs
3: 
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn every_threat_has_a_test() {
        run(crate::workspace_root(), &Options { rows: Vec::new() }, &mut Vec::new()).unwrap();
    }
}
