//! One archive with the program, its manual and its completions, for people without a compiler.
//!
//! The program is the release build. The manual is generated from its command line. Two archives of one
//! commit and compiler are identical. The archive is unpacked and checked.

mod archive;
mod check;
mod manual;

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use archive::Entry;
use rigs::program::{self, Profile};
use rigs::progress;

/// A shell, and the name of its completion file.
const SHELLS: [(&str, &str); 5] = [
    ("bash", "login-cli.bash"),
    ("zsh", "_login-cli"),
    ("fish", "login-cli.fish"),
    ("powershell", "login-cli.ps1"),
    ("elvish", "login-cli.elv"),
];

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Builds and checks the archive, and lists its files.
///
/// # Errors
///
/// Something cannot be built or written, or a check fails.
pub(crate) fn run(root: &Path, out: &mut impl Write) -> Outcome<()> {
    let name = format!("login-cli-{}-{}", env!("CARGO_PKG_VERSION"), host()?);
    let change = LastChange::read(root);
    let entries = entries(root, &change)?;
    let path = archive_path(root, &name)?;
    archive::write(&path, &name, change.seconds, &entries)?;
    let findings = check::unpacked(&path, &name)?;
    progress("");
    for entry in &entries {
        writeln!(out, "{:>9}  {}", entry.bytes.len(), entry.path)?;
    }
    writeln!(out, "\n{:>9}  {}", fs::metadata(&path)?.len(), path.display())?;
    findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))?;
    Ok(())
}

/// All files, by path.
fn entries(root: &Path, change: &LastChange) -> Outcome<Vec<Entry>> {
    progress("building the program");
    let program = program::build(root, Profile::Release, &[])?;
    let file_name = program.file_name().ok_or("the program has no name")?.to_string_lossy();
    let mut entries = vec![Entry::program(&file_name, fs::read(&program)?)];
    for (shell, file) in SHELLS {
        let script = said(Command::new(&program).args(["completions", shell]))?;
        entries.push(Entry::file(&format!("completions/{file}"), script));
    }
    progress("writing the manual");
    entries.append(&mut manual::pages(&change.day)?);
    for file in ["LICENSE", "README.md"] {
        entries.push(Entry::file(file, fs::read(root.join(file))?));
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

fn archive_path(root: &Path, name: &str) -> Outcome<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let folder = metadata.target_directory.join("dist");
    fs::create_dir_all(&folder)?;
    Ok(folder.join(format!("{name}.tar.gz")).into())
}

/// The output of a successful command.
fn said(command: &mut Command) -> Outcome<Vec<u8>> {
    let output = command.output()?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{}: {words}", command.get_program().display()).into());
    }
    Ok(output.stdout)
}

/// The target of the compiler, which is this machine.
fn host() -> Outcome<String> {
    let version = String::from_utf8(said(program::rustc().arg("-vV"))?)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc does not say what it builds for")?.to_owned())
}

/// The time of the last commit, which every file in the archive gets.
struct LastChange {
    seconds: u64,
    /// As `2026-11-22`.
    day: String,
}

impl LastChange {
    /// From git; a constant without git.
    fn read(root: &Path) -> Self {
        let mut git = Command::new("git");
        git.args(["log", "-1", "--date=format-local:%Y-%m-%d", "--format=%ct %cd"]);
        let said = said(git.current_dir(root).env("TZ", "UTC")).unwrap_or_default();
        let said = String::from_utf8(said).unwrap_or_default();
        let change = said.trim().split_once(' ').and_then(|(seconds, day)| {
            Some(Self { seconds: seconds.parse().ok()?, day: day.to_owned() })
        });
        change.unwrap_or(Self { seconds: 1_767_225_600, day: "2026-01-01".to_owned() })
    }
}
