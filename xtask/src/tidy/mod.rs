//! Small rules of the repository that neither the compiler nor clippy knows.
//!
//! A violation would be easy and silent. Each rule prints its reason.

mod cycles;
mod documents;
mod faults;
mod packages;
mod tests;

use std::fs;

use crate::sources::{Source, rust_sources};
use crate::workspace_root;
use faults::{front_page_faults, manifest_faults, misplaced_threats, shipped};

/// Words that must not stand in some part of the code, and why.
struct Rule {
    scope: Scope,
    words: &'static [&'static str],
    reason: &'static str,
}

#[derive(Clone, Copy)]
enum Scope {
    /// Attributes, which begin a line, in every file.
    Attributes,
    /// What is not shipped: tests, and examples, which are tests too.
    Tests,
    /// What is shipped, without the program and without the tools.
    Libraries,
    /// The libraries without `terminal-ui`.
    NoTerminal,
    /// The libraries without `credential-helper`, which exists to start one program. What it starts
    /// has an absolute path and one fixed argument, and its secret goes through a pipe.
    StartNothing,
    /// The crates that claim to have no way out.
    Offline,
    /// The crates that serve any provider.
    Neutral,
}

const RULES: &[Rule] = &[
    Rule {
        scope: Scope::Attributes,
        words: &["#[ignore"],
        reason: "a test that nobody runs proves nothing; one that lacks a tool says so and passes",
    },
    Rule {
        scope: Scope::Attributes,
        words: &["#![allow("],
        reason: "clippy asks no questions about an inner `allow`, and it silences a whole file; \
                 `expect` goes away with its cause",
    },
    Rule {
        scope: Scope::Tests,
        words: &["thread::sleep"],
        reason: "a test that sleeps is slow on a good day and flaky on a bad one: wait for an \
                 event, or pause tokio's clock",
    },
    Rule {
        scope: Scope::Libraries,
        words: &["std::env", " env::"],
        reason: "only the cli reads the environment; `disallowed-methods` says it for the calls, \
                 this for an `expect` that would lift it",
    },
    Rule {
        scope: Scope::NoTerminal,
        words: &["io::stdin", "io::stdout", "io::stderr"],
        reason: "only the cli and `terminal-ui` talk to the terminal; clippy sees the macros, not \
                 the handles",
    },
    Rule {
        scope: Scope::StartNothing,
        words: &["process::Command", "Command::new"],
        reason: "no library starts a program, so that no secret becomes an argument; \
                 `credential-helper` is the one that does",
    },
    Rule {
        scope: Scope::Offline,
        words: &["std::net", "os::unix::net"],
        reason: "the table of layers shows that no network package is reached; std has sockets too",
    },
    Rule {
        scope: Scope::Neutral,
        words: &[
            "openai",
            "OpenAI",
            "OpenAi",
            "chatgpt",
            "ChatGpt",
            "codex",
            "Codex",
            "app_EM",
            "app_2S",
            "deviceauth",
            "refresh_token_reused",
            "app_session",
            "requested_token",
        ],
        reason: "these crates serve any provider; OpenAI's facts stand in `login::openai`",
    },
];

#[test]
fn no_file_breaks_a_rule() {
    let sources = sources();
    assert_none(RULES.iter().flat_map(|rule| rule.broken_by(&sources)));
}

/// Every manifest takes its lints, its version and its dependencies from the root, where each
/// dependency stands once, beside its reason.
#[test]
fn every_manifest_inherits_from_the_workspace() {
    assert_none(manifests().iter().flat_map(manifest_faults));
}

/// The front page says what the crate is for, and includes an example that compiles. `rigs` has no users
/// beside `cargo xtask`.
#[test]
fn every_front_page_has_an_example_and_no_logic() {
    let sources = sources();
    let is_page = |path: &str| path.starts_with("crates/") && path.ends_with("/src/lib.rs");
    let pages =
        sources.iter().filter(|it| is_page(&it.path) && it.path != "crates/rigs/src/lib.rs");
    assert_none(pages.flat_map(front_page_faults));
}

/// `cargo xtask threats` counts comments; one that stands above no test would be counted too.
#[test]
fn threats_comments_are_directly_above_a_test() {
    assert_none(sources().iter().flat_map(misplaced_threats));
}

/// The cli logs our own crates by name; the log of one that is missing there would be lost.
#[test]
fn every_logging_crate_is_in_the_log_filter() {
    let logging_rs =
        fs::read_to_string(workspace_root().join("crates/cli/src/logging.rs")).unwrap();
    let logs = |manifest: &Source| manifest.text.contains("\ntracing.workspace = true");
    let target = |manifest: &Source| {
        let name = manifest.text.split('"').nth(1).unwrap().replace('-', "_");
        format!("\"{name}\"")
    };
    let logging: Vec<_> = manifests().iter().filter(|it| logs(it)).map(target).collect();
    assert!(logging.len() > 3, "{logging:?}");
    assert_none(logging.into_iter().filter(|name| !logging_rs.contains(name)));
}

/// A longer file does two things.
#[test]
fn no_file_has_more_than_400_lines_without_tests() {
    let long = |source: &&Source| shipped(source).count() > 400;
    assert_none(sources().iter().filter(long).map(|source| format!("{}: cut it", source.path)));
}

fn sources() -> Vec<Source> {
    rust_sources(workspace_root()).unwrap()
}

fn manifests() -> Vec<Source> {
    let crates = fs::read_dir(workspace_root().join("crates")).unwrap();
    let names = crates.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| format!("crates/{name}"))
        .chain(["xtask".to_owned()])
        .map(|folder| format!("{folder}/Cargo.toml"))
        .map(|path| file(&path, &fs::read_to_string(workspace_root().join(&path)).unwrap()))
        .collect()
}

fn file(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[track_caller]
fn assert_none(faults: impl Iterator<Item = String>) {
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
