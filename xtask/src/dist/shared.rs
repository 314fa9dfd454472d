//! The files of a release that are the same for all targets: installers, package manager manifests,
//! checksums.

use std::fs;

use sha2::{Digest as _, Sha256};

use super::Outcome;
use super::archive::Entry;
use super::packages::{npm, put, read, template};
use super::release::Release;
use super::targets::{TARGETS, Target};

/// The folder in `target/dist`.
const FOLDER: &str = "shared";

/// What to do about a target that has no archive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Its checksum is zeros, which no file has.
    Zeros,
    /// It is an error.
    Refused,
}

/// Writes all of them, and returns their folder's files.
///
/// # Errors
///
/// A file of a target is missing, or cannot be read or written.
pub(super) fn write(release: &Release, missing: Missing) -> Outcome<Vec<Entry>> {
    let packages = of_targets(release)?;
    if missing == Missing::Refused {
        TARGETS.iter().try_for_each(|target| complete(release, target, &packages))?;
    }
    let mut files = filled(release, &packages)?;
    files.push(npm(release)?);
    files.push(Entry::file("release-notes.md", release.changes()?));
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

/// The files of every target that is there.
fn of_targets(release: &Release) -> Outcome<Vec<Entry>> {
    let folders = TARGETS.iter().map(|target| release.dist.join(target.triple));
    let files = folders.filter(|folder| folder.exists()).map(|folder| read(&folder));
    Ok(files.collect::<Outcome<Vec<_>>>()?.concat())
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

fn complete(release: &Release, target: &Target, packages: &[Entry]) -> Outcome<()> {
    let (os, cpu) = target.npm;
    let version = &release.version;
    let mut ends = vec![
        target.archive(version),
        format!("{}.cdx.json", target.folder(version)),
        format!("-{}.whl", target.wheel),
        format!("-{os}-{cpu}-{version}.tgz"),
    ];
    if let Some(arch) = target.nfpm {
        let cpu = target.triple.split('-').next().unwrap_or_default();
        ends.extend([format!("_{arch}.deb"), format!("{cpu}.rpm")]);
        ends.extend([format!("{cpu}.apk"), format!("{cpu}.pkg.tar.zst")]);
    }
    match ends.iter().find(|end| !packages.iter().any(|file| file.path.ends_with(end.as_str()))) {
        Some(end) => Err(format!("{}: there is no …{end}", target.triple).into()),
        None => Ok(()),
    }
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
        for target in TARGETS {
            let (os, cpu) = target.npm;
            let mut names = vec![
                target.archive(&release.version),
                format!("{}.cdx.json", target.folder(&release.version)),
                format!("login_cli-py3-none-{}.whl", target.wheel),
                format!("login-cli-{os}-{cpu}-{}.tgz", release.version),
            ];
            if let Some(arch) = target.nfpm {
                let cpu = target.triple.split('-').next().unwrap();
                names.push(format!("x_{arch}.deb"));
                names.extend(["rpm", "apk", "pkg.tar.zst"].map(|end| format!("x-{cpu}.{end}")));
            }
            let folder = release.dist.join(target.triple);
            names.iter().for_each(|name| put(&folder, &Entry::file(name, "")).unwrap());
        }
    }

    #[test]
    fn release_names_all_archives_and_refuses_a_missing_one() {
        let folder = TempDir::new().unwrap();
        let mut release = Release::read(workspace_root()).unwrap();
        release.dist = folder.path().to_owned();
        complete(&release);
        let files = write(&release, Missing::Refused).unwrap();
        let of_nothing = checksum(&Entry::file("", ""));
        for file in ["install.sh", "install.ps1", "login-cli.rb", "login-cli.json", "Dockerfile"] {
            let file = files.iter().find(|entry| entry.path == file).unwrap();
            let text = str::from_utf8(&file.bytes).unwrap();
            assert!(text.contains(&of_nothing) && !text.contains("{{"), "{text}");
        }
        let missing = folder.path().join("aarch64-apple-darwin");
        fs::remove_file(missing.join(TARGETS[3].archive(&release.version))).unwrap();
        let error = write(&release, Missing::Refused).unwrap_err().to_string();
        assert!(error.contains("aarch64-apple-darwin: there is no"), "{error}");
        assert!(write(&release, Missing::Zeros).is_ok());
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
