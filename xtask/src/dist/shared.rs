//! The files of a release that are the same for all targets: installers, package manager manifests,
//! checksums.

use std::fs;

use sha2::{Digest as _, Sha256};

use super::Outcome;
use super::archive::Entry;
use super::packages::{npm, put, read, template};
use super::release::{Missing, Release};
use super::targets::{TARGETS, Target};

/// The folder in `target/dist`.
const FOLDER: &str = "shared";

/// Writes all of them, and returns their folder's files.
///
/// # Errors
///
/// A file of a target is missing or unknown, or cannot be read or written.
pub(super) fn write(release: &Release, missing: Missing) -> Outcome<Vec<Entry>> {
    let packages = packages(release, missing)?;
    let mut files = filled(release, &packages)?;
    files.push(npm(release)?);
    files.push(Entry::file("release-notes.md", release.changes(missing)?));
    let mut sums: Vec<String> = packages
        .iter()
        .chain(&files)
        .map(|file| format!("{}  {}\n", checksum(file), file.path))
        .collect();
    sums.sort_by(|a, b| a[64..].cmp(&b[64..]));
    files.push(Entry::file("SHA256SUMS", sums.concat()));
    let folder = release.dist.join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    files.iter().try_for_each(|file| put(&folder, file))?;
    Ok(files)
}

/// The files of the targets. One that a target does not make would replace a file of another target.
fn packages(release: &Release, missing: Missing) -> Outcome<Vec<Entry>> {
    if missing == Missing::Refused {
        refuse_unknown_folders(release)?;
    }
    let mut packages = Vec::new();
    for target in &TARGETS {
        let folder = release.dist.join(target.triple);
        let mut expected = target.files(&release.version);
        for file in if folder.exists() { read(&folder)? } else { Vec::new() } {
            let unknown = || format!("{}: {} is no file of it", target.triple, file.path);
            let name = expected.iter().position(|name| *name == file.path).ok_or_else(unknown)?;
            expected.swap_remove(name);
            packages.push(file);
        }
        match expected.first() {
            Some(name) if missing == Missing::Refused => {
                return Err(format!("{}: there is no {name}", target.triple).into());
            }
            _ => {}
        }
    }
    Ok(packages)
}

/// The files of every folder are released.
fn refuse_unknown_folders(release: &Release) -> Outcome<()> {
    for entry in fs::read_dir(&release.dist)? {
        let name = entry?.file_name();
        let is_known = name == FOLDER || TARGETS.iter().any(|target| name == target.triple);
        if !is_known {
            return Err(format!("{} is no target of a release", name.display()).into());
        }
    }
    Ok(())
}

/// The templates of `xtask/packaging/release`.
fn filled(release: &Release, packages: &[Entry]) -> Outcome<Vec<Entry>> {
    let archives = |name: &str| {
        let target = Target::find(name.strip_prefix("sha256:")?)?;
        let name = target.archive(&release.version);
        let archive = packages.iter().find(|file| file.path == name);
        Some(archive.map_or_else(|| "0".repeat(64), checksum))
    };
    let mut files = Vec::new();
    for file in read(&release.root.join("xtask/packaging/release"))? {
        let text = template(release, &format!("release/{}", file.path), archives)?;
        files.push(Entry::file(&file.path, text));
    }
    Ok(files)
}

pub(super) fn checksum(file: &Entry) -> String {
    Sha256::digest(&file.bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::workspace_root;

    /// What a build of each target makes, without content.
    fn complete(release: &Release) {
        for target in &TARGETS {
            let folder = release.dist.join(target.triple);
            for name in target.files(&release.version) {
                put(&folder, &Entry::file(&name, "")).unwrap();
            }
        }
    }

    #[test]
    fn release_names_all_archives_and_refuses_missing_and_unknown_files() {
        let folder = TempDir::new().unwrap();
        let mut release = Release::read(workspace_root()).unwrap();
        release.dist = folder.path().to_owned();
        complete(&release);
        assert!(packages(&release, Missing::Refused).is_ok());
        let files = write(&release, Missing::Replaced).unwrap();
        let of_nothing = checksum(&Entry::file("", ""));
        for file in ["install.sh", "install.ps1", "login-cli.rb", "login-cli.json", "Dockerfile"] {
            let file = files.iter().find(|entry| entry.path == file).unwrap();
            let text = str::from_utf8(&file.bytes).unwrap();
            assert!(text.contains(&of_nothing) && !text.contains("{{"), "{text}");
        }
        let missing = folder.path().join("aarch64-apple-darwin");
        fs::remove_file(missing.join(TARGETS[3].archive(&release.version))).unwrap();
        let error = packages(&release, Missing::Refused).unwrap_err().to_string();
        assert!(error.contains("aarch64-apple-darwin: there is no"), "{error}");
        assert!(write(&release, Missing::Replaced).is_ok());
        put(&missing, &Entry::file("install.sh", "")).unwrap();
        let error = packages(&release, Missing::Replaced).unwrap_err().to_string();
        assert_eq!(error, "aarch64-apple-darwin: install.sh is no file of it");
    }

    #[test]
    fn every_target_is_built_by_the_workflow_and_offered_by_npm() {
        let file = |path| fs::read_to_string(workspace_root().join(path)).unwrap();
        let workflow = file(".github/workflows/release.yml");
        let npm = file("xtask/packaging/npm/package.json");
        for target in TARGETS {
            let (os, cpu) = target.npm;
            assert!(workflow.contains(&format!("target: {} }}", target.triple)), "{target:?}");
            assert!(npm.contains(&format!("\"@login-cli/{os}-{cpu}\"")), "{target:?}");
        }
        assert_eq!(workflow.matches("target: ").count(), TARGETS.len());
    }
}
