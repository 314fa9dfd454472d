//! The time from the start of the program to the URL.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::program::{self, Running};
use crate::report::Report;
use crate::statistics::median;

/// The limit beyond a program that only binds and prints.
const MOST_MORE: Duration = Duration::from_millis(2);

/// Not counted: they load both programs into memory.
const WARM_UP: usize = 5;

/// Starts both programs in turns, so that other load on the machine affects both.
pub(super) fn run(
    program: &Path,
    root: &Path,
    pairs: usize,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let bare = bare_program("bind_and_print", root, folder.path())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + pairs {
        let mut login = program::untouched(program, folder.path());
        login.args(["--no-browser", "--port", "0", "--issuer", NOWHERE]);
        let (login, bare) = (to_address(&mut login)?, to_address(&mut Command::new(&bare))?);
        if round >= WARM_UP {
            ours.push(login);
            theirs.push(bare);
        }
    }
    let missing = "nothing was started";
    let (ours, theirs) = (median(ours).ok_or(missing)?, median(theirs).ok_or(missing)?);
    report.ratio("start to URL, beside bind and print", ours, theirs, None);
    report.time("  the difference", Some(ours.saturating_sub(theirs)), MOST_MORE);
    Ok(())
}

/// The `discard` port of this machine, which is closed.
const NOWHERE: &str = "http://127.0.0.1:9";

/// From the start of a program until its address can be read.
fn to_address(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let mut running = Running::start(command)?;
    running.address()?;
    Ok(start.elapsed())
}

/// Compiles a program of `crates/rigs/examples` with the options of the release profile. It needs no crate;
/// cargo would build all dependencies of this crate again.
pub(super) fn bare_program(name: &str, root: &Path, into: &Path) -> io::Result<PathBuf> {
    let program = into.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let source = root.join("crates/rigs/examples").join(name).with_extension("rs");
    let options = ["lto=fat", "codegen-units=1", "opt-level=z", "panic=abort", "strip=symbols"];
    let mut rustc = program::rustc();
    rustc.args(["--edition", "2024"]).args(options.map(|option| format!("-C{option}")));
    let status = rustc.arg("-o").arg(&program).arg(source).status()?;
    if status.success() { Ok(program) } else { Err(io::Error::other("rustc does not compile it")) }
}
