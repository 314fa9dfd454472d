//! How long the URL takes to be there, from the start of the program.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::program::{self, Running};
use crate::statistics::median;
use crate::table::{Figure, Row};

/// What is expected of `login-cli` beyond a program that only binds and prints.
const MOST_MORE: Duration = Duration::from_millis(2);

/// Not counted: they bring both programs into memory.
const WARM_UP: usize = 5;

/// Starts both programs in turns, so that whatever else the machine does meets both.
pub(super) fn rows(program: &Path, root: &Path, pairs: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    let folder = TempDir::new()?;
    let bare = bare_program("bind_and_print", root, folder.path())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + pairs {
        let mut login = program::untouched(program, folder.path());
        login.args(["--no-browser", "--port", "0", "--issuer", NOWHERE]);
        let (login, bare) = match round % 2 {
            0 => (to_address(&mut login)?, to_address(&mut Command::new(&bare))?),
            _ => swapped(to_address(&mut Command::new(&bare))?, to_address(&mut login)?),
        };
        if round >= WARM_UP {
            ours.push(login);
            theirs.push(bare);
        }
    }
    let missing = "nothing was started";
    Ok(compared(median(ours).ok_or(missing)?, median(theirs).ok_or(missing)?))
}

/// An address of this machine at which nobody listens: the port of a service from 1983.
const NOWHERE: &str = "http://127.0.0.1:9";

fn swapped<T>(one: T, other: T) -> (T, T) {
    (other, one)
}

fn compared(ours: Duration, theirs: Duration) -> Vec<Row> {
    let more = ours.saturating_sub(theirs);
    vec![
        Row::ratio("start to URL, beside bind and print", figure(ours), figure(theirs)),
        Row::figure("  the difference", figure(more).0).expect("at most 2 ms", more <= MOST_MORE),
    ]
}

pub(super) fn figure(time: Duration) -> Figure {
    let millis = time.as_secs_f64() * 1000.0;
    (format!("{millis:.2} ms"), millis)
}

/// From the start of a program until its address can be read.
fn to_address(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let mut running = Running::start(command)?;
    running.address()?;
    Ok(start.elapsed())
}

/// Compiles a bare program of `rigs/examples` as the release profile does. It needs no crate, so
/// that the compiler is enough; cargo would build everything that this task depends on once more.
pub(super) fn bare_program(name: &str, root: &Path, into: &Path) -> io::Result<PathBuf> {
    let program = into.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let source = root.join("rigs/examples").join(name).with_extension("rs");
    let options = ["lto=fat", "codegen-units=1", "opt-level=z", "panic=abort", "strip=symbols"];
    let mut rustc = program::rustc();
    rustc.args(["--edition", "2024"]).args(options.map(|option| format!("-C{option}")));
    let status = rustc.arg("-o").arg(&program).arg(source).status()?;
    if status.success() { Ok(program) } else { Err(io::Error::other("rustc does not compile it")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_what_is_judged() {
        let difference = |ours, theirs| {
            let rows = compared(Duration::from_micros(ours), Duration::from_micros(theirs));
            (rows[1].measured.clone(), rows[1].expected.as_ref().map(|expected| expected.is_met))
        };
        assert_eq!(difference(2500, 1000), ("1.50 ms".to_owned(), Some(true)));
        assert_eq!(difference(4000, 1000), ("3.00 ms".to_owned(), Some(false)));
        assert_eq!(difference(900, 1000), ("0.00 ms".to_owned(), Some(true)));
    }
}
