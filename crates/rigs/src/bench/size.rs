//! The size of the program, its crates, and the time of a build.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use tempfile::TempDir;

use crate::program::{self, Profile};
use crate::report::Report;

/// The size of the program, and the number of crates in it.
pub(super) fn run(program: &Path, root: &Path, report: &mut Report) -> Result<(), Box<dyn Error>> {
    report.bytes("binary", fs::metadata(program)?.len(), 4_500_000);
    report.note("crates in it", crates(root, "normal,no-proc-macro")?.to_string());
    report.note("crates to build it", crates(root, "normal,build")?.to_string());
    Ok(())
}

/// A build in an empty folder.
pub(super) fn clean_build(root: &Path, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let target = folder.path().to_str().ok_or("the temporary folder has an odd name")?;
    let begun = Instant::now();
    program::build(root, Profile::Release, &["--target-dir", target])?;
    report.note("clean release build", format!("{} s", begun.elapsed().as_secs()));
    Ok(())
}

fn crates(root: &Path, edges: &str) -> Result<usize, Box<dyn Error>> {
    let mut tree = program::cargo(root);
    tree.args(["tree", "--package", "login-cli", "--prefix", "none", "--edges", edges]);
    let output = tree.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(count(&String::from_utf8(output.stdout)?))
}

/// A line is `name v1.2.3`, and perhaps a path or `(*)`.
fn count(tree: &str) -> usize {
    let named = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    tree.lines().filter_map(named).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crate_counts_once_per_version() {
        let tree = "login-cli v0.1.0 (/somewhere)\nurl v2.5.8\nurl v2.5.8 (*)\n\nurl v1.7.2\n";
        assert_eq!(count(tree), 3);
        assert_eq!(count(""), 0);
    }
}
