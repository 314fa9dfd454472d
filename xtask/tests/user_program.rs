//! Our library crates leave the programs that use them alone: no feature that they ask for changes what
//! `serde_json`, `url`, `tracing` and `log` do for the program.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::MetadataCommand;

/// The members of the workspace that no program depends on.
const NO_LIBRARIES: [&str; 4] = ["login-cli", "rigs", "sandbox", "xtask"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn manifest() -> PathBuf {
    root().join("xtask/tests/user-program/Cargo.toml")
}

fn cargo(command: &str) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    // With the versions of its own lock file.
    cargo.args([command, "--quiet", "--locked", "--manifest-path"]).arg(manifest());
    cargo
}

/// The release profile counts: `release_max_level_*` does nothing in a debug build.
#[test]
fn libraries_do_not_change_json_urls_and_logs_of_a_program() {
    if !cargo("fetch").status().unwrap().success() {
        let message = b"not tested on this machine: its dependencies cannot be fetched\n";
        return io::stderr().write_all(message).unwrap();
    }
    let target = root().join("target/user-program");
    let run = cargo("run").args(["--release", "--target-dir"]).arg(target).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn user_program_depends_on_every_library_crate() {
    let workspace = MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap();
    let members: BTreeSet<&str> =
        workspace.packages.iter().map(|package| package.name.as_str()).collect();
    let program = MetadataCommand::new().manifest_path(manifest()).no_deps().exec().unwrap();
    let dependencies: BTreeSet<&str> =
        program.packages[0].dependencies.iter().map(|it| it.name.as_str()).collect();
    let missing: Vec<&&str> =
        members.difference(&dependencies).filter(|name| !NO_LIBRARIES.contains(name)).collect();
    assert!(missing.is_empty(), "missing in {}: {missing:?}", manifest().display());
}
