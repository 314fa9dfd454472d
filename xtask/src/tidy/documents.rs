//! The documents: a short README, links that lead somewhere, a table of contents that is whole.

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace_root;

/// A longer one is not read to its end.
const LONGEST_README: usize = 8 * 1024;

fn documents() -> Vec<PathBuf> {
    let root = workspace_root();
    let crates = fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let folders = [root.to_owned(), root.join("docs")].into_iter().chain(crates);
    let entries = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|it| it == "md")).collect()
}

/// Where the links of a document lead, without those to other sites and to its own headings.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.map(|target| target.split('#').next().unwrap_or_default());
    files.filter(|file| !file.is_empty() && !file.contains(':') && !file.contains(' '))
}

#[test]
fn readme_is_at_most_8_kib() {
    let length = fs::metadata(workspace_root().join("README.md")).unwrap().len();
    assert!(length <= LONGEST_README as u64, "{length} bytes");
}

#[test]
fn every_link_target_exists() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let folder = document.parent().unwrap();
        for link in links(&text) {
            assert!(folder.join(link).exists(), "{}: {link}", document.display());
        }
    }
}

/// The paths that a document names in code spans: `crates/cli/src/run.rs`.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let spans = text.split('`').skip(1).step_by(2);
    spans.filter(|span| ["crates/", "xtask/", "docs/"].iter().any(|it| span.starts_with(it)))
}

#[test]
fn every_path_in_the_documents_exists() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for path in paths(&text).filter(|path| !path.contains('*')) {
            assert!(workspace_root().join(path).exists(), "{}: {path}", document.display());
        }
    }
}

#[test]
fn every_page_of_the_book_is_in_its_table_of_contents() {
    let docs = workspace_root().join("docs");
    let contents = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let listed: Vec<&str> = links(&contents).collect();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    for page in documents().iter().filter(|path| path.parent() == Some(&docs)) {
        let name = name(page);
        assert!(name == "SUMMARY.md" || listed.contains(&name.as_str()), "{name} is not listed");
    }
}

#[test]
fn links_and_paths_are_parsed() {
    let text = "[a](b.md) [c](d.md#e) [f](#g) [h](https://i.test/) `x](y z)`";
    assert_eq!(links(text).collect::<Vec<_>>(), ["b.md", "d.md"]);
    let text = "in `crates/cli` and `just`, not crates/x; `xtask/src/main.rs`";
    assert_eq!(paths(text).collect::<Vec<_>>(), ["crates/cli", "xtask/src/main.rs"]);
}
