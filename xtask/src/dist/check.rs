//! Checks of the unpacked archive.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::read::GzDecoder;
use tempfile::TempDir;
use zip::ZipArchive;

use super::release::Release;
use super::targets::Target;
use super::{Outcome, SHELLS, said};

/// The options with which a shell or `mandoc` checks a file.
const READERS: [(&str, &[&str]); 4] = [
    ("bash", &["-n"]),
    ("zsh", &["-n"]),
    ("fish", &["--no-execute"]),
    ("mandoc", &["-T", "lint", "-W", "warning"]),
];

/// Checks everything, and lists the checks.
///
/// # Errors
///
/// What is wrong.
pub(super) fn unpacked(release: &Release, target: &Target) -> Outcome<Vec<String>> {
    let folder = TempDir::new()?;
    let archive =
        File::open(release.dist.join(target.triple).join(target.archive(&release.version)))?;
    if target.is_windows() {
        ZipArchive::new(archive)?.extract(&folder)?;
    } else {
        tar::Archive::new(GzDecoder::new(archive)).unpack(&folder)?;
    }
    let folder = folder.path().join(target.folder(&release.version));
    let mut findings = vec![program(&folder, target)?];
    for (shell, file) in SHELLS {
        let script = folder.join("completions").join(file);
        findings.extend(understood(shell, &[script], &format!("completions for {shell}"))?);
    }
    let pages = pages(&folder.join("man/man1"))?;
    findings.extend(understood("mandoc", &pages, &format!("{} pages of the manual", pages.len()))?);
    Ok(findings)
}

fn program(folder: &Path, target: &Target) -> Outcome<String> {
    if !target.runs_here()? {
        let lacking = format!("starting the program: it is for {}", target.triple);
        rigs::skipped(&lacking);
        return Ok(format!("skipped: {lacking}"));
    }
    let version =
        String::from_utf8(said(Command::new(folder.join(target.program())).arg("--version"))?)?;
    let ours = concat!("login-cli ", env!("CARGO_PKG_VERSION"));
    if version.trim() != ours {
        return Err(format!("the program says that it is {version}").into());
    }
    Ok(format!("it starts, and is {ours}"))
}

/// Every command has its page.
fn pages(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let pages: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|page| Ok(page?.path())).collect::<std::io::Result<_>>()?;
    match pages.len() {
        0 | 1 => Err("there is no manual".into()),
        _ => Ok(pages),
    }
}

/// Checks files with a program, if it is installed.
fn understood(reader: &str, files: &[PathBuf], what: &str) -> Outcome<Option<String>> {
    let Some((reader, options)) = READERS.iter().find(|(name, _)| *name == reader) else {
        return Ok(None);
    };
    if Command::new(reader)
        .arg("--help")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_err()
    {
        let lacking = format!("{what}: there is no {reader} here");
        rigs::skipped(&lacking);
        return Ok(Some(format!("skipped: {lacking}")));
    }
    let output = Command::new(reader).args(*options).args(files).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        return Err(format!("{what}: {}", String::from_utf8_lossy(&said)).into());
    }
    Ok(Some(format!("{reader} understands the {what}")))
}
