//! How much of the table of threats the tests cover: a test that covers a row says so just above
//! it, as `// threats 59` or `// threats 59 60`.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::sources::{Source, rust_sources};

/// A part of the table: its heading, and the numbers of its rows.
#[derive(Debug, PartialEq)]
struct Section<'a> {
    title: &'a str,
    rows: Vec<u32>,
}

/// Counts the rows that a test names; with the table at hand, also those that none does.
///
/// The table is kept beside the repository, so a clone on its own prints the count only.
pub(crate) fn run(root: &Path, table: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let named = named_in_all(&rust_sources(root)?);
    match fs::read_to_string(root.join(table)) {
        Ok(text) => report(&sections(&text), &named, out)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            writeln!(out, "{} is not here, so only the count:", table.display())?;
            writeln!(out, "{} rows are named by a test", named.len())?;
        }
        Err(error) => return Err(format!("cannot read {}: {error}", table.display()).into()),
    }
    Ok(())
}

/// The numbers of a line that names rows; `None` for every other line.
pub(crate) fn named_by(line: &str) -> Option<Vec<u32>> {
    let list = line.trim().strip_prefix("// threats ")?;
    list.split([' ', ',']).filter(|word| !word.is_empty()).map(|word| word.parse().ok()).collect()
}

fn named_in_all(sources: &[Source]) -> BTreeSet<u32> {
    let lines = sources.iter().flat_map(|source| source.text.lines());
    lines.filter_map(named_by).flatten().collect()
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

fn report(sections: &[Section<'_>], named: &BTreeSet<u32>, out: &mut impl Write) -> io::Result<()> {
    for section in sections {
        let total = section.rows.len();
        let open = section.rows.iter().filter(|row| !named.contains(row));
        let open: Vec<u32> = open.copied().collect();
        writeln!(out, "{:>3} of {total:>3}  {}", total - open.len(), section.title)?;
        if !open.is_empty() {
            writeln!(out, "            not yet: {}", list(&open))?;
        }
    }
    report_all(sections, named, out)
}

fn report_all(
    sections: &[Section<'_>],
    named: &BTreeSet<u32>,
    out: &mut impl Write,
) -> io::Result<()> {
    let rows: BTreeSet<u32> = sections.iter().flat_map(|section| section.rows.clone()).collect();
    writeln!(out, "{:>3} of {:>3}  in all", rows.intersection(named).count(), rows.len())?;
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
    fn a_comment_names_one_row_or_several_and_nothing_else_names_any() {
        assert_eq!(named_by("    // threats 59"), Some(vec![59]));
        assert_eq!(named_by("// threats 1 2, 31"), Some(vec![1, 2, 31]));
        for other in ["// threats", "// threats many", "//! threats 59", "let threats = 59;", ""] {
            assert_eq!(named_by(other), None, "{other}");
        }
    }

    #[test]
    fn the_rows_of_a_table_are_read_by_section() {
        assert_eq!(
            sections(TABLE),
            [
                Section { title: "crate `pkce`", rows: vec![1, 2] },
                Section { title: "crate `cli`", rows: vec![19] },
            ]
        );
    }

    #[test]
    fn the_report_tells_named_rows_from_open_and_unknown_ones() {
        let mut out = Vec::new();
        report(&sections(TABLE), &BTreeSet::from([2, 19, 400]), &mut out).unwrap();
        let expected = "  1 of   2  crate `pkce`
            not yet: 1
  1 of   1  crate `cli`
  2 of   3  in all
named by a test, but no row of the table: 400
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn without_the_table_the_count_is_printed() {
        let mut out = Vec::new();
        run(crate::workspace_root(), Path::new("no/such/table.md"), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("no/such/table.md is not here"), "{text}");
        assert!(text.ends_with(" rows are named by a test\n"), "{text}");
    }
}
