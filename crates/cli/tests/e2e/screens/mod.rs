//! Complete screens at three widths, with and without colours. The expected screens are in
//! `expected/`. `LOGIN_CLI_WRITE_SCREENS=1 cargo test --workspace --test e2e screens` updates
//! them.

mod cases;
mod picture;
mod screenshot;
mod setup;

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::write;
use screenshot::Screenshot;
use setup::TerminalSetup;

const WIDTHS: [u16; 3] = [40, 80, 120];

/// Runs a case at every width and compares it with its file. The text is the same without colours.
#[track_caller]
fn assert_screens(name: &str, play: impl Fn(&TerminalSetup) -> Screenshot) {
    let mut sections = Vec::new();
    for columns in WIDTHS {
        let [colored, plain] =
            [true, false].map(|has_colors| play(&TerminalSetup::new(columns, has_colors)));
        assert_eq!(colored.text, plain.text, "{name} at {columns} columns");
        assert_eq!(plain.marked, plain.text, "{name} at {columns} columns has colours");
        sections.push((format!("{columns} columns"), colored.text));
        if columns == 80 {
            sections.push(("80 columns, in colour".to_owned(), colored.marked));
        }
    }
    let of = |(title, rows): &(String, String)| format!("== {title}\n\n{rows}\n");
    let screens = sections.iter().map(of).collect::<Vec<_>>().join("\n");
    if is_writing() {
        write(&file(name), &screens);
    }
    assert_eq!(screens, expected(name), "{name}: see how these files are written anew");
}

fn expected(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_default()
}

/// The rows of a section.
fn section(name: &str, title: &str) -> String {
    let screens = expected(name);
    let (_, rest) =
        screens.split_once(&format!("== {title}\n\n")).expect("there is such a section");
    rest.split("\n\n== ").next().unwrap().trim_end().to_owned()
}

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/screens/expected");
    folder.join(format!("{name}.txt"))
}

#[expect(clippy::disallowed_methods, reason = "it asks for another run than usual")]
fn is_writing() -> bool {
    std::env::var_os("LOGIN_CLI_WRITE_SCREENS").is_some()
}

/// The screens in the documentation are the tested ones.
#[test]
fn documentation_shows_these_screens() {
    let documentation = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
    let documentation = fs::read_to_string(documentation).unwrap();
    for name in ["login-done", "failure", "create-key-waiting"] {
        let block = format!("```text\n{}\n```\n", section(name, "80 columns"));
        assert!(documentation.contains(&block), "docs/commands.md does not show {name}:\n{block}");
    }
}
