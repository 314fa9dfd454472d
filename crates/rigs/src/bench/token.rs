//! The time of `token` when no refresh is due, from start to exit.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::start::bare_program;
use crate::program;
use crate::report::Report;
use crate::statistics::median;

/// The limit, as a multiple of the bare program.
const MOST: f64 = 1.5;

/// Not counted: they load the programs into memory.
const WARM_UP: usize = 10;

/// Starts all programs in turns, so that other load on the machine affects each.
pub(super) fn run(
    program: &Path,
    root: &Path,
    rounds: usize,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let bare = bare_program("open_and_print", root, folder.path())?;
    let file = signed_in(folder.path())?;
    let (mut token, mut open, mut cat) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..WARM_UP + rounds {
        let mut ours = program::untouched(program, folder.path());
        let times = [
            whole(ours.arg("token"))?,
            whole(Command::new(&bare).arg(&file))?,
            whole(Command::new("cat").arg(&file))?,
        ];
        if round >= WARM_UP {
            token.push(times[0]);
            open.push(times[1]);
            cat.push(times[2]);
        }
    }
    let missing = "nothing was started";
    let [token, open, cat] = [token, open, cat].map(median);
    let (token, open) = (token.ok_or(missing)?, open.ok_or(missing)?);
    report.ratio("token, beside open and print", token, open, Some(MOST));
    report.ratio("  beside cat", token, cat.ok_or(missing)?, None);
    Ok(())
}

fn whole(command: &mut Command) -> io::Result<Duration> {
    let start = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    let time = start.elapsed();
    if status.success() { Ok(time) } else { Err(io::Error::other("the program fails")) }
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
