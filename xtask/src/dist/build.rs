//! The release build, without a path of this machine in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rigs::program::{cargo, position_independent, rustc};
use tempfile::TempDir;

use super::targets::Target;
use super::{Outcome, said};

/// Where the program is built.
pub(super) struct Place {
    /// The workspace.
    pub(super) root: PathBuf,
    folder: PathBuf,
    cargo_home: PathBuf,
    /// The home folder, if it is another.
    home: Option<TempDir>,
}

impl Place {
    /// This workspace.
    ///
    /// # Errors
    ///
    /// There is no home folder.
    pub(super) fn here(root: &Path, folder: PathBuf) -> Outcome<Self> {
        Ok(Self { root: root.to_owned(), folder, cargo_home: cargo_home()?, home: None })
    }

    /// A clone of the last commit, with another home folder and with crates that are downloaded again.
    ///
    /// # Errors
    ///
    /// There is no commit or no space.
    pub(super) fn elsewhere(root: &Path) -> Outcome<Self> {
        let home = TempDir::new()?;
        let at = |name: &str| home.path().join(name);
        let (clone, cargo_home) = (at("clone"), at("cargo"));
        said(Command::new("git").args(["clone", "--quiet"]).arg(root).arg(&clone))?;
        fs::create_dir(&cargo_home)?;
        // It may name a mirror of the registry.
        let settings = self::cargo_home()?.join("config.toml");
        if settings.exists() {
            fs::copy(settings, cargo_home.join("config.toml"))?;
        }
        Ok(Self { root: clone, folder: at("built"), cargo_home, home: Some(home) })
    }

    /// Builds the program for a target, and returns its content.
    ///
    /// # Errors
    ///
    /// Cargo cannot be started, the build fails, or the program contains a path of this machine or has a
    /// fixed address.
    pub(super) fn program(&self, target: &Target) -> Outcome<Vec<u8>> {
        let mut build = cargo(&self.root);
        // Embeds the list of dependencies in the program, for `cargo audit bin`.
        if is_auditable() {
            build.arg("auditable");
        } else {
            let list = "the list of dependencies in the program";
            rigs::skipped(&format!("{list}: there is no cargo-auditable here"));
        }
        build.args(["build", "--quiet", "--release", "--locked", "--package", "login-cli"]);
        build.args(["--target", target.triple]).arg("--target-dir").arg(&self.folder);
        build.env("CARGO_ENCODED_RUSTFLAGS", self.flags(target)?.join("\u{1f}"));
        if let Some(home) = &self.home {
            // rustup finds the compiler in the home folder.
            build.env("RUSTC", rustc().get_program()).env("RUSTUP_HOME", rustup_home()?);
            build.env("HOME", home.path()).env("CARGO_HOME", &self.cargo_home);
        }
        if !build.status()?.success() {
            return Err(format!("login-cli cannot be built for {}", target.triple).into());
        }
        let built =
            fs::read(self.folder.join(target.triple).join("release").join(target.program()))?;
        for path in [&self.root, &self.cargo_home] {
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

    /// The folders of crates and of the workspace get constant names.
    fn flags(&self, target: &Target) -> Outcome<Vec<String>> {
        let renamed =
            |folder: &Path, name| format!("--remap-path-prefix={}={name}", folder.display());
        let mut flags = vec![renamed(&self.root, "login-cli"), renamed(&self.cargo_home, "cargo")];
        flags.extend(position_independent(target.triple)?);
        if target.nfpm.is_some() {
            // An address in the program takes about a bit, in place of 24 bytes. The C library of Rust
            // 1.93 and later reads this form. A linker that does not know it ignores the option.
            flags.push("-Clink-arg=-Wl,-z,pack-relative-relocs".to_owned());
        }
        if target.is_windows() {
            // No time of the build in the program, and no library that Windows does not have.
            flags.extend(["-Clink-arg=/Brepro", "-Ctarget-feature=+crt-static"].map(str::to_owned));
        }
        Ok(flags)
    }
}

fn is_auditable() -> bool {
    Command::new("cargo-auditable").arg("--help").output().is_ok()
}

fn cargo_home() -> Outcome<PathBuf> {
    folder("CARGO_HOME", ".cargo")
}

fn rustup_home() -> Outcome<PathBuf> {
    folder("RUSTUP_HOME", ".rustup")
}

/// The folder that a variable names, or the default one of this name.
#[expect(clippy::disallowed_methods, reason = "the programs have no option that prints it")]
fn folder(variable: &str, name: &str) -> Outcome<PathBuf> {
    let set = std::env::var_os(variable).filter(|folder| !folder.is_empty());
    let default = || std::env::home_dir().map(|home| home.join(name));
    set.map(PathBuf::from).or_else(default).ok_or_else(|| "there is no home folder".into())
}
