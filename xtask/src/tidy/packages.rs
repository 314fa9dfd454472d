//! What a library crate needs as a package: its metadata, a README that agrees with its front page, and features that the
//! front page documents. `just package` makes the packages.

use std::fs;

use super::{assert_none, manifests};
use crate::sources::Source;
use crate::workspace_root;

/// The members of the workspace that no program depends on.
const NO_LIBRARIES: [&str; 4] = ["crates/cli/", "crates/rigs/", "crates/sandbox/", "xtask/"];

fn libraries() -> Vec<Source> {
    let is_library = |it: &Source| !NO_LIBRARIES.iter().any(|path| it.path.starts_with(path));
    manifests().into_iter().filter(is_library).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(workspace_root().join(path)).unwrap_or_default()
}

fn folder(manifest: &Source) -> &str {
    manifest.path.trim_end_matches("/Cargo.toml")
}

fn name(manifest: &Source) -> &str {
    folder(manifest).trim_start_matches("crates/")
}

#[test]
fn every_library_has_the_metadata_of_a_package() {
    let licence = read("LICENSE");
    let root = read("Cargo.toml");
    for manifest in libraries() {
        for field in ["description = \"", "keywords = [", "categories = [", "repository.workspace"]
        {
            assert!(manifest.text.contains(&format!("\n{field}")), "{}: {field}", manifest.path);
        }
        // Where links are not supported, git writes the path of the file.
        let file = read(&format!("{}/LICENSE", folder(&manifest)));
        assert!([&*licence, "../../LICENSE"].contains(&&*file), "{}: licence", manifest.path);
        // A dependency without a version is not in a package.
        let with_version = format!("\n{0} = {{ path = \"crates/{0}\", version = ", name(&manifest));
        assert!(root.contains(&with_version), "{} has no version in Cargo.toml", manifest.path);
    }
}

#[test]
fn every_readme_agrees_with_the_front_page_and_the_examples() {
    let root = read("Cargo.toml");
    let repository = root.split("repository = \"").nth(1).unwrap().split('"').next().unwrap();
    assert_none(libraries().iter().flat_map(|manifest| {
        let folder = folder(manifest);
        let readme = read(&format!("{folder}/README.md"));
        let page = read(&format!("{folder}/src/lib.rs"));
        let shown = readme.split("](examples/").nth(1).and_then(|it| it.split(')').next());
        let example = read(&format!("{folder}/examples/{}", shown.unwrap_or_default()));
        let command = format!("cargo add --git {repository} {}\n", name(manifest));
        let faults = readme_faults(&readme, &page, &example, &command);
        faults.into_iter().map(move |fault| format!("{folder}/README.md: {fault}"))
    }));
}

fn readme_faults(readme: &str, page: &str, example: &str, command: &str) -> Vec<String> {
    let first_of_page = page.lines().map_while(|line| line.strip_prefix("//! "));
    let first_of_page = plain(&first_of_page.collect::<Vec<_>>().join(" "));
    let first = readme.split("\n\n").nth(1).map(plain).unwrap_or_default();
    let mut faults = Vec::new();
    if first != first_of_page {
        faults.push(format!("it begins with\n{first}\nand the front page with\n{first_of_page}"));
    }
    let code = readme.split("```rust\n").nth(1).and_then(|it| it.split("```").next());
    let mut rest = example.lines().map(str::trim);
    let code = code.unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty());
    let other = code.filter(|line| !rest.any(|of_example| of_example == *line));
    faults.extend(other.map(|line| format!("`{line}` is not in the example")).take(1));
    if !readme.contains("```rust\n") || !readme.contains(command) {
        faults.push(format!("it has no code, or does not have {command}"));
    }
    faults
}

/// On one line, without brackets and without links to items.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for (index, part) in text.split("](").enumerate() {
        let (link, rest) = part.split_once(')').filter(|_| index > 0).unwrap_or(("", part));
        let url = if link.starts_with("http") { format!(" {link}") } else { String::new() };
        plain = plain + &url + rest;
    }
    plain.replace(['[', ']'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_feature_is_documented_on_the_front_page() {
    let mut features = 0;
    for manifest in libraries() {
        let page = read(&format!("{}/src/lib.rs", folder(&manifest)));
        let section = manifest.text.split("\n[features]\n").nth(1).unwrap_or_default();
        let lines = section.lines().take_while(|line| !line.starts_with('['));
        let names = lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
        for feature in names.filter(|name| *name != "default") {
            features += 1;
            assert!(page.contains(&format!("feature `{feature}`")), "{}: {feature}", manifest.path);
        }
    }
    assert!(features > 1, "no feature was found");
}

#[test]
fn readme_that_disagrees_is_detected() {
    let page = "//! Does [this](that) for\n//! [B](https://b.test).\n//!\n//! More.\n";
    let example = "fn main() {\n    one();\n    two();\n    three();\n}\n";
    let readme =
        "# a\n\nDoes this\nfor [B](https://b.test).\n\n```rust\none();\n\nthree();\n```\nadd a\n";
    let faults = |readme: &str| readme_faults(readme, page, example, "add a\n").len();
    assert_eq!(faults(readme), 0);
    assert_eq!(faults(&readme.replace("Does", "Did")), 1);
    assert_eq!(faults(&readme.replace("three", "four")), 1);
    assert_eq!(faults(&readme.replace("add a", "add b")), 1);
    assert_eq!(faults(&readme.replace("three();", "three();\none();")), 1);
    assert_eq!(faults(&readme.replace("b.test", "c.test")), 1);
}
