//! What people install: an archive with the program, its manual and its completions, and packages of it.
//!
//! The manual is generated from the command line. Two builds of one commit and compiler are identical,
//! and so are all packages. Templates and texts are in `xtask/packaging`.

mod archive;
mod build;
mod check;
mod install;
mod loopback;
mod manual;
mod packages;
mod release;
mod sbom;
mod shared;
mod targets;

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use archive::Entry;
use build::Place;
use clap::Args;
use release::{Missing, Release};
use rigs::progress;
use targets::Target;

/// A shell, and the name of its completion file.
const SHELLS: [(&str, &str); 5] = [
    ("bash", "login-cli.bash"),
    ("zsh", "_login-cli"),
    ("fish", "login-cli.fish"),
    ("powershell", "login-cli.ps1"),
    ("elvish", "login-cli.elv"),
];

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Args)]
pub(crate) struct Options {
    /// Build for this target instead of this machine; on Linux the default is the static musl target
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Also make packages, twice; compare, install and sign in with those that this machine can install
    #[arg(long)]
    packages: bool,
    /// Also build a clone of the last commit in another folder, with other home folders and downloaded
    /// crates, and compare all files
    #[arg(long)]
    twice: bool,
    /// Build nothing; make the files that name the archives of all targets, which must be in target/dist,
    /// for the release at this address
    #[arg(long, value_name = "URL", conflicts_with_all = ["target", "packages", "twice"])]
    release: Option<String>,
}

/// Builds and checks the archive, and lists its files.
///
/// # Errors
///
/// Something cannot be built or written, or a check fails.
pub(crate) fn run(root: &Path, options: &Options, out: &mut impl Write) -> Outcome<()> {
    let release = Release::read(root)?;
    if let Some(address) = &options.release {
        release.is_at(address)?;
        return list(out, &shared::write(&release, Missing::Refused)?);
    }
    let target = match options.target.as_deref() {
        Some(triple) => Target::find(triple).ok_or("a release has no such target")?,
        None => Target::host()?,
    };
    if options.target.is_none() && !target.is_installed()? {
        rigs::skipped(&format!("a release: there is no {} here", target.triple));
        return Ok(());
    }
    progress("building the program");
    let folder = release.dist.with_file_name("release-builds");
    let here = Place::here(&release.root, folder)?;
    let files = files(&release, target, here.program(target)?)?;
    let packages = packages(&release, target, &files, options.packages)?;
    progress("making the packages again");
    let again = again(&release, target, options, &files)?;
    if let Some((first, _)) = packages.iter().zip(&again).find(|(first, second)| first != second) {
        return Err(format!("{} differs when it is made again", first.path).into());
    }
    write(&release, target, &packages)?;
    list(out, &files)?;
    list(out, &packages)?;
    let mut findings = check::unpacked(&release, target)?;
    if options.packages {
        let shared = shared::write(&release, Missing::Replaced)?;
        list(out, &shared)?;
        if target.nfpm.is_some() && target.runs_here()? {
            progress("installing each package, and signing in with it");
            findings.extend(install::check(&release, target, &packages, &shared)?);
        } else {
            rigs::skipped("installing the packages: only those for this machine, on Linux");
        }
    }
    progress("");
    findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))?;
    Ok(())
}

/// The files of the archive, by path.
fn files(release: &Release, target: &Target, program: Vec<u8>) -> Outcome<Vec<Entry>> {
    let mut files = vec![Entry::program(target.program(), program)];
    for (_, name) in SHELLS {
        let script = name.replace("_login-cli", "login-cli.zsh");
        let script = release.root.join("crates/cli/src/completions/scripts").join(script);
        files.push(Entry::file(&format!("completions/{name}"), fs::read(script)?));
    }
    files.append(&mut manual::pages(&release.day())?);
    for name in ["LICENSE", "README.md"] {
        files.push(Entry::file(name, fs::read(release.root.join(name))?));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The archive and the packages.
fn packages(release: &Release, target: &Target, files: &[Entry], all: bool) -> Outcome<Vec<Entry>> {
    let mut made = vec![packed(release, target, files)?];
    if all {
        made.extend(packages::all(release, target, files)?);
    }
    Ok(made)
}

/// The same from the same program, or from one that is built elsewhere.
fn again(
    release: &Release,
    target: &Target,
    options: &Options,
    files: &[Entry],
) -> Outcome<Vec<Entry>> {
    if !options.twice {
        return packages(release, target, files, options.packages);
    }
    progress("building a clone of the last commit in another folder");
    let place = Place::elsewhere(&release.root)?;
    let release = Release::read(&place.root)?;
    let second = self::files(&release, target, place.program(target)?)?;
    if let Some((first, _)) = files.iter().zip(&second).find(|(first, second)| first != second) {
        return Err(format!("{}: two builds differ; is everything committed?", first.path).into());
    }
    packages(&release, target, &second, options.packages)
}

/// Writes the archive and the packages to the folder of the target.
fn write(release: &Release, target: &Target, made: &[Entry]) -> Outcome<()> {
    let folder = release.dist.join(target.triple);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    made.iter().try_for_each(|package| packages::put(&folder, package))
}

fn packed(release: &Release, target: &Target, files: &[Entry]) -> Outcome<Entry> {
    let folder = target.folder(&release.version);
    let bytes = if target.is_windows() {
        let at = |file: &Entry| file.at(&format!("{folder}/{}", file.path));
        archive::zip(&files.iter().map(at).collect::<Vec<_>>())?
    } else {
        archive::tar_gz(&folder, release.time, files)?
    };
    Ok(Entry::file(&target.archive(&release.version), bytes))
}

fn list(out: &mut impl Write, files: &[Entry]) -> Outcome<()> {
    files.iter().try_for_each(|file| writeln!(out, "{:>9}  {}", file.bytes.len(), file.path))?;
    Ok(writeln!(out)?)
}

/// The output of a successful command.
fn said(command: &mut Command) -> Outcome<Vec<u8>> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        let words = [output.stdout, output.stderr].concat();
        return Err(format!("{name}: {}", String::from_utf8_lossy(&words)).into());
    }
    Ok(output.stdout)
}
