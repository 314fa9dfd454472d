//! Which tests cover which row of `docs/threats.md`. A comment directly above a test names its rows: `// threats 59`
//! or `// threats 59 60`. The table names a few tests of each row.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::{fmt, fs};

use crate::sources::{Source, rust_sources};

const TABLE: &str = "docs/threats.md";

/// The most tests that the table names for a row.
const NAMED: usize = 2;

/// What to do with the table
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print all tests of these rows
    rows: Vec<u32>,
    /// Replace the tests in the table that no longer cover their row
    #[arg(long, conflicts_with = "rows")]
    write: bool,
}

/// A test that covers a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Test {
    /// An assertion that several tests share.
    is_helper: bool,
    /// How many rows it covers. A test of few rows says more about each.
    rows: usize,
    path: String,
    name: String,
}

/// The tests of each row, the most specific ones first.
type Tests = BTreeMap<u32, Vec<Test>>;

/// Prints the tests of some rows, or checks the table.
///
/// # Errors
///
/// A row has no test, a test covers no row of the table, or the table names a test that does not cover its row.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let mut sources = rust_sources(root)?;
    // The tests below have such comments in a text.
    sources.retain(|source| source.path != "xtask/src/threats.rs");
    let tests = tests_in(&sources);
    if !options.rows.is_empty() {
        return Ok(print(&options.rows, &tests, out)?);
    }
    let path = root.join(TABLE);
    let mut table = fs::read_to_string(&path)?;
    if options.write {
        table = updated(&table, &tests);
        fs::File::create(&path)?.write_all(table.as_bytes())?;
    }
    match faults(&table, &tests) {
        faults if faults.is_empty() => Ok(writeln!(out, "every row has a test")?),
        faults => Err(faults.join("\n").into()),
    }
}

fn print(rows: &[u32], tests: &Tests, out: &mut impl Write) -> io::Result<()> {
    for row in rows {
        writeln!(out, "{row}:")?;
        tests.get(row).into_iter().flatten().try_for_each(|test| writeln!(out, "  {test}"))?;
    }
    Ok(())
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.name)
    }
}

/// The numbers of a comment that names rows; `None` for every other line.
pub(crate) fn named_by(line: &str) -> Option<Vec<u32>> {
    let list = line.trim().strip_prefix("// threats ")?;
    list.split([' ', ',']).filter(|word| !word.is_empty()).map(|word| word.parse().ok()).collect()
}

fn tests_in(sources: &[Source]) -> Tests {
    let mut tests = Tests::new();
    for Source { path, text } in sources {
        for (index, line) in text.lines().enumerate() {
            let Some(rows) = named_by(line) else { continue };
            let below: Vec<&str> = text.lines().skip(index).collect();
            let Some((is_helper, name)) = function(&below) else { continue };
            let name = name.to_owned();
            let test = Test { is_helper, rows: rows.len(), path: path.clone(), name };
            rows.iter().for_each(|row| tests.entry(*row).or_default().push(test.clone()));
        }
    }
    tests.values_mut().for_each(|tests| tests.sort());
    tests
}

/// The name of the function below a comment, and whether it is a helper.
fn function<'a>(below: &[&'a str]) -> Option<(bool, &'a str)> {
    let (before, line) = below
        .iter()
        .enumerate()
        .find_map(|(index, line)| Some((index, line.split_once("fn ")?.1)))?;
    let is_test = below[..before].iter().any(|line| line.contains("#[") && line.contains("test"));
    Some((!is_test, line.split(['(', '<']).next()?))
}

/// The cells of a row, `| 59 | behaviour | tests |`: its number, what is before the tests, and the tests.
fn row(line: &str) -> Option<(u32, &str, Vec<&str>)> {
    let (before, tests) = line.strip_suffix('|')?.rsplit_once('|')?;
    let number = before.split('|').nth(1)?.trim().parse().ok()?;
    // The names are in backticks.
    Some((number, before, tests.split('`').skip(1).step_by(2).collect()))
}

/// Keeps the tests that still cover their row, and replaces the others.
fn updated(table: &str, tests: &Tests) -> String {
    let update = |line: &str| {
        let Some((number, before, named)) = row(line) else { return format!("{line}\n") };
        let known = tests.get(&number).into_iter().flatten().map(|test| test.name.as_str());
        let known: Vec<&str> = known.collect();
        let is_current = !named.is_empty() && named.iter().all(|name| known.contains(name));
        let mut names: Vec<&str> = Vec::new();
        for name in named.iter().filter(|name| known.contains(name)).chain(&known) {
            // Two crates can have a test of the same name.
            if names.len() < NAMED && !names.contains(name) {
                names.push(name);
            }
        }
        let names = if is_current { named } else { names };
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("{before}| {} |\n", names.join(", "))
    };
    table.lines().map(update).collect()
}

fn faults(table: &str, tests: &Tests) -> Vec<String> {
    let rows: Vec<u32> = table.lines().filter_map(row).map(|(number, ..)| number).collect();
    let untested = rows.iter().filter(|number| !tests.contains_key(number));
    let unknown = tests.iter().filter(|(number, _)| !rows.contains(number));
    let mut faults: Vec<_> = untested.map(|number| format!("row {number} has no test")).collect();
    faults.extend(
        unknown.map(|(number, tests)| format!("{TABLE} has no row {number}: {}", tests[0])),
    );
    if updated(table, tests) != table {
        faults.push(format!("{TABLE} names other tests: run `cargo xtask threats --write`"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
# Threats
| # | behaviour | tests |
|---|---|---|
| 1 | A vector. | `one` |
| 2 | A shape. | `gone`, `two` |
";

    const CODE: &str = "
// threats 1 2
#[test]
fn one() {}
// threats 2
// Why.
#[tokio::test]
async fn two() {}
    // threats 2
    #[track_caller]
    fn assert_all<T>(it: T) {}
";

    fn tests_of(text: &str) -> Tests {
        tests_in(&[Source { path: "a.rs".to_owned(), text: text.to_owned() }])
    }

    #[test]
    fn threats_comment_has_one_or_more_row_numbers() {
        assert_eq!(named_by("    // threats 59"), Some(vec![59]));
        assert_eq!(named_by("// threats 1 2, 31"), Some(vec![1, 2, 31]));
        for other in ["// threats", "// threats many", "//! threats 59", "let threats = 59;", ""] {
            assert_eq!(named_by(other), None, "{other}");
        }
    }

    #[test]
    fn specific_tests_are_first_and_helpers_last() {
        let mut out = Vec::new();
        print(&[1, 2], &tests_of(CODE), &mut out).unwrap();
        let expected = "1:\n  a.rs: one\n2:\n  a.rs: two\n  a.rs: one\n  a.rs: assert_all\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn update_replaces_tests_that_do_not_cover_their_row() {
        let tests = tests_of(CODE);
        let table = updated(TABLE, &tests);
        assert_eq!(table, TABLE.replace("`gone`, `two`", "`two`, `one`"));
        assert_eq!(updated(&table, &tests), table);
        assert_eq!(faults(&table, &tests), [""; 0]);
    }

    #[test]
    fn outdated_table_is_a_fault() {
        let stale = "docs/threats.md names other tests: run `cargo xtask threats --write`";
        assert_eq!(faults(TABLE, &tests_of(CODE)), [stale]);
        let code = "// threats 2 3\n#[test]\nfn two() {}\n";
        let expected = ["row 1 has no test", "docs/threats.md has no row 3: a.rs: two", stale];
        assert_eq!(faults(TABLE, &tests_of(code)), expected);
    }

    #[test]
    fn every_threat_has_a_test_and_the_table_names_it() {
        let options = Options { rows: Vec::new(), write: false };
        run(crate::workspace_root(), &options, &mut Vec::new()).unwrap();
    }
}
