//! The time from the start of the program to its URL or its token, next to programs that do the least.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::program::{self, Running};
use crate::report::Report;
use crate::statistics::median;

/// The limit beyond a program that only binds and prints.
const MOST_TO_URL: Duration = Duration::from_millis(2);

/// The limit as a multiple of a program that only reads a file and prints it.
const MOST_TO_TOKEN: f64 = 1.5;

/// Not counted: they load the programs into memory.
const WARM_UP: usize = 10;

/// The `discard` port of this machine, which is closed.
const NOWHERE: &str = "http://127.0.0.1:9";

pub(super) fn to_url(
    program: &Path,
    root: &Path,
    rounds: usize,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let bare = bare_program("bind_and_print", root, folder.path())?;
    let program = as_installed(program, &folder.path().join("installed"))?;
    let [ours, theirs] = medians(rounds, || {
        let mut login = program::command_without_user_settings(&program, folder.path());
        login.args(["--no-browser", "--port", "0", "--issuer", NOWHERE]);
        Ok([until_url(&mut login)?, until_url(&mut Command::new(&bare))?])
    })?;
    report.ratio("start to URL, beside bind and print", ours, theirs, None);
    report.time("  the difference", Some(ours.saturating_sub(theirs)), MOST_TO_URL);
    Ok(())
}

/// `token` when no refresh is due.
pub(super) fn to_token(
    program: &Path,
    root: &Path,
    rounds: usize,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let bare = bare_program("open_and_print", root, folder.path())?;
    let program = as_installed(program, &folder.path().join("installed"))?;
    let file = signed_in(folder.path())?;
    // It takes a millisecond.
    let [ours, theirs] = medians(5 * rounds, || {
        let mut token = program::command_without_user_settings(&program, folder.path());
        Ok([until_end(token.arg("token"))?, until_end(Command::new(&bare).arg(&file))?])
    })?;
    report.ratio("token, beside open and print", ours, theirs, Some(MOST_TO_TOKEN));
    Ok(())
}

/// The median times of two programs, which run in turns, so that other load on the machine affects both.
fn medians(
    rounds: usize,
    mut run_both: impl FnMut() -> Result<[Duration; 2], Box<dyn Error>>,
) -> Result<[Duration; 2], Box<dyn Error>> {
    let times: Result<Vec<_>, _> = (0..WARM_UP + rounds).map(|_| run_both()).collect();
    let times = &times?[WARM_UP..];
    let [ours, theirs] = [0, 1].map(|which| median(times.iter().map(|both| both[which]).collect()));
    ours.zip(theirs).map(<[Duration; 2]>::from).ok_or_else(|| "nothing was started".into())
}

fn until_url(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let mut running = Running::start(command)?;
    running.address()?;
    Ok(start.elapsed())
}

fn until_end(command: &mut Command) -> io::Result<Duration> {
    let start = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    let time = start.elapsed();
    if status.success() { Ok(time) } else { Err(io::Error::other("the program fails")) }
}

/// Compiles a program of `crates/rigs/examples` with the options of the release profile. It needs no crate;
/// cargo would build all dependencies of this crate again.
fn bare_program(name: &str, root: &Path, into: &Path) -> io::Result<PathBuf> {
    let program = into.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let source = root.join("crates/rigs/examples").join(name).with_extension("rs");
    let options = ["lto=fat", "codegen-units=1", "opt-level=z", "panic=abort", "strip=symbols"];
    let mut rustc = program::rustc();
    rustc.args(["--edition", "2024"]).args(options.map(|option| format!("-C{option}")));
    let linked = program.with_extension("linked");
    let status = rustc.arg("-o").arg(&linked).arg(source).status()?;
    if !status.success() {
        return Err(io::Error::other("rustc does not compile it"));
    }
    as_installed(&linked, &program)
}

/// A copy, as an installer writes it: what a linker has just written starts slower until it has left the page cache.
fn as_installed(linked: &Path, program: &Path) -> io::Result<PathBuf> {
    fs::copy(linked, program)?;
    Ok(program.to_owned())
}

/// Stores a sign-in of the usual size, whose access token expires in 2100.
fn signed_in(codex_home: &Path) -> io::Result<PathBuf> {
    // {"alg":"RS256"} and {"exp":4102444800}
    const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9";
    let path = codex_home.join("auth.json");
    let signature = "c2ln".repeat(200);
    let document = format!(
        r#"{{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{{"id_token":"{TOKEN}.{signature}",
        "access_token":"{TOKEN}.{signature}","refresh_token":"rt","account_id":"acct"}},
        "last_refresh":"2026-11-21T18:48:46.859879Z"}}"#
    );
    File::create_new(&path)?.write_all(document.as_bytes())?;
    Ok(path)
}
