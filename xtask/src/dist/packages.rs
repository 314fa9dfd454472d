//! The packages of one target, made from the files of its archive: deb, rpm, apk, Arch, wheel, npm.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::archive::{self, Entry};
use super::release::Release;
use super::targets::Target;
use super::{Outcome, said, sbom};

/// All packages, by file name.
///
/// # Errors
///
/// A tool fails, or a template has an unknown name.
pub(super) fn all(release: &Release, target: &Target, files: &[Entry]) -> Outcome<Vec<Entry>> {
    let folder = target.folder(&release.version);
    let mut packages = vec![
        Entry::file(&format!("{folder}.cdx.json"), sbom::document(release, target)?),
        wheel(release, target, files)?,
        npm_platform(release, target, files)?,
    ];
    if let Some(architecture) = target.nfpm {
        packages.extend(system_packages(release, architecture, files)?);
    }
    Ok(packages)
}

/// A file of `xtask/packaging`, filled.
pub(super) fn template(
    release: &Release,
    path: &str,
    more: impl Fn(&str) -> Option<String>,
) -> Outcome<String> {
    let text = fs::read_to_string(release.root.join("xtask/packaging").join(path))?;
    release.fill(&text, more).map_err(|error| format!("{path}: {error}").into())
}

fn only<'a>(files: &'a [Entry], path: &str) -> Outcome<&'a Entry> {
    let found = files.iter().find(|file| file.path == path);
    found.ok_or_else(|| format!("the archive has no {path}").into())
}

fn wheel(release: &Release, target: &Target, files: &[Entry]) -> Outcome<Entry> {
    let name = format!("login_cli-{}", release.version);
    let (data, info) = (format!("{name}.data"), format!("{name}.dist-info"));
    let tags = target.wheel.split('.').map(|tag| format!("Tag: py3-none-{tag}\n"));
    let about = template(release, "wheel/WHEEL", |_| None)? + &tags.collect::<String>();
    let program = target.program();
    let mut inside = vec![only(files, program)?.at(&format!("{data}/scripts/{program}"))];
    let pages = files.iter().filter(|file| file.path.starts_with("man/"));
    inside.extend(pages.map(|page| page.at(&format!("{data}/data/share/{}", page.path))));
    inside.push(only(files, "LICENSE")?.at(&format!("{info}/licenses/LICENSE")));
    inside.push(Entry::file(
        &format!("{info}/METADATA"),
        template(release, "wheel/METADATA", |_| None)?,
    ));
    inside.push(Entry::file(&format!("{info}/WHEEL"), about));
    let record = format!("{info}/RECORD");
    let lines = inside.iter().map(|file| {
        let sum = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&file.bytes));
        format!("{},sha256={sum},{}\n", file.path, file.bytes.len())
    });
    let lines = lines.collect::<String>() + &record + ",,\n";
    inside.push(Entry::file(&record, lines));
    Ok(Entry::file(&format!("{name}-py3-none-{}.whl", target.wheel), archive::zip(&inside)?))
}

/// The package that `login-cli` depends on, on its platform.
fn npm_platform(release: &Release, target: &Target, files: &[Entry]) -> Outcome<Entry> {
    let (os, cpu) = target.npm;
    let about = template(release, "npm/platform.json", |name| match name {
        "npm" => Some(format!("{os}-{cpu}")),
        "npm_os" => Some(os.to_owned()),
        "npm_cpu" => Some(cpu.to_owned()),
        _ => None,
    })?;
    let inside = [
        Entry::file("package.json", about),
        only(files, target.program())?.clone(),
        only(files, "LICENSE")?.clone(),
    ];
    let name = format!("login-cli-{os}-{cpu}-{}.tgz", release.version);
    Ok(Entry::file(&name, archive::tar_gz("package", release.time, &inside)?))
}

/// The package `login-cli`, which is the same for all platforms.
pub(super) fn npm(release: &Release) -> Outcome<Entry> {
    let at = |path| template(release, path, |_| None);
    let inside = [
        Entry::file("package.json", at("npm/package.json")?),
        Entry::program("login-cli.js", at("npm/login-cli.js")?),
        Entry::file("LICENSE", fs::read(release.root.join("LICENSE"))?),
        Entry::file("README.md", fs::read(release.root.join("README.md"))?),
    ];
    let name = format!("login-cli-{}.tgz", release.version);
    Ok(Entry::file(&name, archive::tar_gz("package", release.time, &inside)?))
}

/// The packages of Linux distributions, by nfpm.
fn system_packages(release: &Release, arch: &str, files: &[Entry]) -> Outcome<Vec<Entry>> {
    if Command::new("nfpm").arg("--version").output().is_err() {
        rigs::skipped("the deb, rpm, apk and Arch packages: there is no nfpm here");
        return Ok(Vec::new());
    }
    let (staged, made) = (TempDir::new()?, TempDir::new()?);
    for file in files {
        if file.path.starts_with("man/") {
            let page = Entry::file(&format!("{}.gz", file.path), archive::gz(&file.bytes)?);
            put(staged.path(), &page)?;
        } else {
            put(staged.path(), file)?;
        }
    }
    let about = |name: &str| (name == "arch").then(|| arch.to_owned());
    let changelog = template(release, "linux/changelog", about)?;
    put(staged.path(), &Entry::file("changelog.gz", archive::gz(changelog.as_bytes())?))?;
    for name in ["copyright", "lintian-overrides", "nfpm.yaml"] {
        let text = template(release, &format!("linux/{name}"), about)?;
        put(staged.path(), &Entry::file(name, text))?;
    }
    for packager in ["deb", "rpm", "apk", "archlinux"] {
        let mut nfpm = Command::new("nfpm");
        nfpm.args(["package", "--config", "nfpm.yaml", "--packager", packager, "--target"]);
        nfpm.arg(made.path()).current_dir(staged.path());
        said(nfpm.env("SOURCE_DATE_EPOCH", release.time.as_second().to_string()))?;
    }
    read(made.path())
}

/// Writes a file below a folder.
pub(super) fn put(folder: &Path, entry: &Entry) -> Outcome<()> {
    let path = folder.join(&entry.path);
    fs::create_dir_all(path.parent().unwrap_or(folder))?;
    fs::File::create(&path)?.write_all(&entry.bytes)?;
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(entry.mode))?;
    Ok(())
}

/// The files of a folder, by name.
pub(super) fn read(folder: &Path) -> Outcome<Vec<Entry>> {
    let mut files = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        files.push(Entry::file(&file.file_name().to_string_lossy(), fs::read(file.path())?));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
