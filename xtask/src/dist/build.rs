//! The release build, without a path of this machine in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rigs::program::{cargo, position_independent};
use rigs::progress;
use tempfile::TempDir;

use super::targets::Target;
use super::{Outcome, said};

/// Builds the program for a target, and returns its content.
///
/// # Errors
///
/// Cargo cannot be started, the build fails, or the program contains a path of this machine or
/// has a fixed address.
pub(super) fn program(root: &Path, folder: &Path, target: &Target) -> Outcome<Vec<u8>> {
    let mut build = cargo(root);
    // Embeds the list of dependencies in the program, for `cargo audit bin`.
    if is_auditable() {
        build.arg("auditable");
    } else {
        rigs::skipped("the list of dependencies in the program: there is no cargo-auditable here");
    }
    build.args(["build", "--quiet", "--release", "--locked", "--package", "login-cli"]);
    build.args(["--target", target.triple]).arg("--target-dir").arg(folder);
    build.env("CARGO_ENCODED_RUSTFLAGS", flags(root, target)?.join("\u{1f}"));
    if !build.status()?.success() {
        return Err(format!("login-cli cannot be built for {}", target.triple).into());
    }
    let built = fs::read(folder.join(target.triple).join("release").join(target.program()))?;
    for path in [root, &cargo_home()?] {
        let path = path.to_string_lossy();
        if built.windows(path.len()).any(|part| part == path.as_bytes()) {
            return Err(format!("the program contains {path}").into());
        }
    }
    // The type of an ELF file with a fixed address is 2.
    if target.nfpm.is_some() && built.get(16) != Some(&3) {
        return Err("the program is not position-independent".into());
    }
    Ok(built)
}

/// Builds the last commit again, in another folder, and compares.
///
/// # Errors
///
/// The builds differ.
pub(super) fn again(root: &Path, target: &Target, first: &[u8]) -> Outcome<()> {
    progress("building it again, from a clone in another folder");
    let other = TempDir::new()?;
    let clone = other.path().join("clone");
    said(Command::new("git").args(["clone", "--quiet"]).arg(root).arg(&clone))?;
    let second = program(&clone, &other.path().join("built"), target)?;
    if first != second {
        return Err("two builds differ; are there changes that are not committed?".into());
    }
    Ok(())
}

fn is_auditable() -> bool {
    Command::new("cargo-auditable").arg("--help").output().is_ok()
}

/// The folders of crates and of the workspace get constant names.
fn flags(root: &Path, target: &Target) -> Outcome<Vec<String>> {
    let renamed = |folder: &Path, name| format!("--remap-path-prefix={}={name}", folder.display());
    let mut flags = vec![renamed(root, "login-cli"), renamed(&cargo_home()?, "cargo")];
    flags.extend(position_independent(target.triple)?);
    if target.is_windows() {
        // No time of the build in the program, and no library that Windows does not have.
        flags.extend(["-Clink-arg=/Brepro", "-Ctarget-feature=+crt-static"].map(str::to_owned));
    }
    Ok(flags)
}

#[expect(clippy::disallowed_methods, reason = "cargo has no option that prints it")]
fn cargo_home() -> Outcome<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").filter(|folder| !folder.is_empty());
    let default = || std::env::home_dir().map(|home| home.join(".cargo"));
    set.map(PathBuf::from).or_else(default).ok_or_else(|| "there is no home folder".into())
}
