//! Row 215: while the issuer holds the response to a refresh, the disk, its inodes or a quota are filled,
//! or the limits of the program are lowered to what it uses.
//!
//! At the limit of a quota group, btrfs refuses even the rename. The new tokens then stay in the
//! temporary file, and the next refresh renames it.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::case::{Case, Ended, Flow};
use super::content::State;
use super::spent_token::{LENGTHS, Token};
use super::{Numbers, Outcome};
use crate::parallel;
use crate::progress;
use crate::report::Report;

/// What runs out.
#[derive(Clone, Copy)]
struct Exhaustion {
    what: &'static str,
    /// Commands in a mount namespace, before the program; empty if none is needed.
    mount: &'static str,
    take: fn(&Program) -> Outcome<()>,
}

/// A disk mounted over the folder.
const TMPFS: &str = "mount -t tmpfs -o mode=700,size=4m none \"$CODEX_HOME\"";
const FEW_INODES: &str = "mount -t tmpfs -o mode=700,nr_inodes=8 none \"$CODEX_HOME\"";
const EXT4: &str = "truncate -s 8M \"$BESIDE/disk\"; mkfs.ext4 -q -F \"$BESIDE/disk\"
    mount -o loop \"$BESIDE/disk\" \"$CODEX_HOME\"";
const BTRFS: &str = "truncate -s 114M \"$BESIDE/disk\"; mkfs.btrfs -q \"$BESIDE/disk\"
    mount -o loop \"$BESIDE/disk\" \"$CODEX_HOME\"";
const QUOTA_GROUP: &str = "truncate -s 114M \"$BESIDE/disk\"; mkfs.btrfs -q \"$BESIDE/disk\"
    mount -o loop \"$BESIDE/disk\" \"$CODEX_HOME\"; btrfs -q quota enable \"$CODEX_HOME\"
    btrfs -q subvolume create \"$CODEX_HOME/home\"; btrfs -q qgroup limit 20M \"$CODEX_HOME/home\"
    mount --bind \"$CODEX_HOME/home\" \"$CODEX_HOME\"";
const EXHAUSTIONS: [Exhaustion; 8] = [
    Exhaustion { what: "a disk that fills up (tmpfs)", mount: TMPFS, take: fill },
    Exhaustion {
        what: "a disk with no room for one more file",
        mount: FEW_INODES,
        take: fill_names,
    },
    Exhaustion { what: "a disk that fills up (ext4)", mount: EXT4, take: fill },
    Exhaustion { what: "a disk that fills up (btrfs)", mount: BTRFS, take: fill },
    Exhaustion { what: "a quota group at its limit (btrfs)", mount: QUOTA_GROUP, take: fill },
    Exhaustion { what: "no descriptor more", mount: "", take: limit_descriptors },
    Exhaustion { what: "no address space more", mount: "", take: limit_address_space },
    Exhaustion { what: "no data memory more", mount: "", take: limit_data },
];

/// The program, while the issuer holds the response.
struct Program {
    process: u32,
    /// The folder in its namespace, kept open so that it survives the program.
    home: File,
}

impl Program {
    #[cfg(unix)]
    fn file(&self, name: &str) -> PathBuf {
        use std::os::fd::AsRawFd as _;
        Path::new("/proc/self/fd").join(self.home.as_raw_fd().to_string()).join(name)
    }

    /// Only Linux has `/proc`.
    #[cfg(not(unix))]
    fn file(&self, name: &str) -> PathBuf {
        let _ = &self.home;
        name.into()
    }

    fn limit(&self, limit: &str) -> Outcome<()> {
        let process = self.process.to_string();
        let status = Command::new("prlimit").args(["--pid", &process, limit]).status()?;
        if status.success() { Ok(()) } else { Err("prlimit does not work".into()) }
    }

    /// A line of its `status`, in bytes.
    fn measure(&self, line: &str) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process))?;
        let value = status.lines().find_map(|it| it.strip_prefix(line)).ok_or("no such line")?;
        Ok(value.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

pub(super) fn run(program: &Path, numbers: &Numbers, report: &mut Report) -> Outcome<()> {
    let lengths = if numbers.every_error { &LENGTHS[..] } else { &[2_000, 900_000] };
    for exhaustion in EXHAUSTIONS {
        let what = format!("a spent token and {}: kept", exhaustion.what);
        progress(&what);
        if let Some(help) = missing(&exhaustion) {
            report.skipped(&what, help);
            continue;
        }
        let runs: Vec<usize> =
            lengths.iter().flat_map(|length| vec![*length; numbers.repeats]).collect();
        let met = parallel::each(&runs, |length| visit(program, &exhaustion, *length))?;
        let is_kept = |(token, _): &&(Token, Ended)| *token == Token::Kept;
        report.count(&what, met.iter().filter(is_kept).count(), runs.len());
        for (token, ended) in met.iter().filter(|it| !is_kept(it)) {
            report.detail(format!("{what}: {token:?}: {}", ended.summary()));
        }
    }
    Ok(())
}

fn missing(exhaustion: &Exhaustion) -> Option<&'static str> {
    let script = match exhaustion.mount {
        "" => "prlimit --version".to_owned(),
        mount => format!(
            "unshare -m sh -ec 'BESIDE=$(mktemp -d); CODEX_HOME=$BESIDE/home; mkdir $CODEX_HOME
             trap \"rm -rf $BESIDE/disk\" EXIT\n{mount}'"
        ),
    };
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let works = shell.status().is_ok_and(|status| status.success());
    (!works).then_some("needs root, mkfs.ext4, mkfs.btrfs and prlimit, and a kernel that has them")
}

fn visit(program: &Path, exhaustion: &Exhaustion, length: usize) -> Outcome<(Token, Ended)> {
    let case = Case::with_document(program, length)?;
    let beside = tempfile::TempDir::new()?;
    let child = begin(&case, exhaustion, beside.path())?;
    case.wait_for_save(child.id())?;
    let home = format!("/proc/{}/root{}", child.id(), case.home.path().display());
    let held = Program { process: child.id(), home: File::open(home)? };
    (exhaustion.take)(&held)?;
    case.sandbox.release();
    let ended = Ended::wait(child)?;
    // The new tokens may be in the temporary file.
    let stored =
        ["auth.json.login-cli.tmp", "auth.json"].map(|name| fs::read(held.file(name)).ok());
    let state = stored.iter().flatten().map(|content| case.state_of(Some(content)));
    let state = state.max_by_key(|state| *state == State::New).unwrap_or(State::Torn);
    Ok((Token::from_state(state, case.refreshes()), ended))
}

/// `exec` gives the program the process id of the shell.
fn begin(case: &Case<'_>, exhaustion: &Exhaustion, beside: &Path) -> Outcome<Child> {
    if exhaustion.mount.is_empty() {
        return case.begin(Flow::Refresh);
    }
    let script = format!(
        "cp \"$CODEX_HOME/auth.json\" \"$BESIDE/seed\"\n{}\ncp \"$BESIDE/seed\" \"$CODEX_HOME/auth.json\"
         exec \"$@\"",
        exhaustion.mount
    );
    let mut command = case.command("unshare".as_ref());
    command.args(["-m", "sh", "-ec", &script, "sh"]).arg(case.program);
    command.args(case.arguments(Flow::Refresh)).env("BESIDE", beside);
    Ok(command.spawn()?)
}

/// Writes until the disk is full, in smaller and smaller pieces.
fn fill(program: &Program) -> Outcome<()> {
    let mut filler =
        OpenOptions::new().write(true).create(true).truncate(true).open(program.file("filler"))?;
    for size in [64 * 1024, 4096, 512] {
        while filler.write_all(&vec![1; size]).is_ok() {}
        // Delayed allocation may fail only now.
        let _ = filler.sync_all();
    }
    match filler.write_all(&[1; 4096]).is_err() {
        true => Ok(()),
        false => Err("the disk does not fill up".into()),
    }
}

fn fill_names(program: &Program) -> Outcome<()> {
    const MANY: usize = 100;
    let made = |number: &usize| File::create(program.file(&format!("filler-{number}"))).is_ok();
    match (0..MANY).find(|number| !made(number)) {
        Some(_) => Ok(()),
        None => Err("there is always room for one more file".into()),
    }
}

/// The program keeps its descriptors and can open no other.
fn limit_descriptors(program: &Program) -> Outcome<()> {
    program.limit("--nofile=3:3")
}

fn limit_address_space(program: &Program) -> Outcome<()> {
    let now = program.measure("VmSize:")?;
    program.limit(&format!("--as={now}:{now}"))
}

fn limit_data(program: &Program) -> Outcome<()> {
    let now = program.measure("VmData:")?;
    program.limit(&format!("--data={now}:{now}"))
}
