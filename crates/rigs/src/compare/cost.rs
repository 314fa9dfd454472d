//! What a program takes to write and to build.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::program;

const WORKSPACE: &str = "crates/rigs/comparison";

pub(super) struct Cost {
    pub(super) program: PathBuf,
    /// Without comments and empty lines.
    pub(super) lines: usize,
    /// The packages that are built, without the program.
    pub(super) crates: usize,
    /// The time of the processors on Linux, since a machine may be busy; elsewhere the time of the clock.
    pub(super) build: Duration,
}

impl Cost {
    pub(super) fn measure(root: &Path, library: &str, built: bool) -> Result<Self, Box<dyn Error>> {
        let package = format!("sign-in-with-{library}");
        let target = root.join("target/compare").join(library);
        let source = root.join(WORKSPACE).join(library).join("src/main.rs");
        let source = fs::read_to_string(source)?;
        let code = source.lines().map(str::trim_start);
        let lines = code.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        let crates = tree(root, &package)?;
        if !built && target.exists() {
            fs::remove_dir_all(&target)?;
        }
        let begun = Began::now();
        let mut build = program::cargo(&root.join(WORKSPACE));
        build.args(["build", "--quiet", "--locked", "--package", &package, "--target-dir"]);
        if !build.arg(&target).status()?.success() {
            return Err(format!("{package} cannot be built").into());
        }
        let build = if built { Duration::ZERO } else { begun.elapsed() };
        let program =
            target.join("debug").join(package).with_extension(std::env::consts::EXE_EXTENSION);
        Ok(Self { program, lines, crates, build })
    }
}

/// The number of packages below this one.
fn tree(root: &Path, package: &str) -> Result<usize, Box<dyn Error>> {
    let mut tree = program::cargo(&root.join(WORKSPACE));
    tree.args(["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--no-dedupe"]);
    let output = tree.args(["--package", package]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let name = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let packages: BTreeSet<String> =
        text.lines().map(name).filter(|name| !name.is_empty()).collect();
    Ok(packages.len().saturating_sub(1))
}

/// When a command began: by the clock, and by the processor time of the children so far.
struct Began {
    clock: Instant,
    processors: Option<Duration>,
}

impl Began {
    fn now() -> Self {
        Self { clock: Instant::now(), processors: children() }
    }

    fn elapsed(&self) -> Duration {
        match (self.processors, children()) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => self.clock.elapsed(),
        }
    }
}

/// The time of the processors of all children that have ended, from `/proc`.
fn children() -> Option<Duration> {
    /// Linux counts in hundredths of a second, on each architecture that Rust has.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in parentheses, can contain spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u32>().ok();
    // `cutime` and `cstime`, the fields 16 and 17 of proc(5).
    Some(TICK * (ticks(13)? + ticks(14)?))
}
