//! Row 215, for real: while the issuer holds the answer to a refresh, another process takes all that is
//! left of the disk, its inodes or a quota, or the program's own limits are lowered to what it has.
//!
//! At the limit of a quota group, btrfs refuses even the rename: then the new tokens are kept beside the
//! document, and the next refresh, with room, puts them in their place.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::content::State;
use super::scene::{Ended, Flow, Scene};
use super::spent::{LENGTHS, Token};
use super::{Numbers, Outcome, parallel};
use crate::progress;
use crate::report::Report;

/// What runs out.
#[derive(Clone, Copy)]
struct Scarcity {
    what: &'static str,
    /// What a shell does in a mount namespace, before the program; nothing where none is needed.
    mount: &'static str,
    take: fn(&Program) -> Outcome<()>,
}

/// The disk that the folder is on, with what was in it.
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
const SCARCITIES: [Scarcity; 8] = [
    Scarcity { what: "a disk that fills up (tmpfs)", mount: TMPFS, take: fill },
    Scarcity { what: "a disk with no room for one more file", mount: FEW_INODES, take: fill_names },
    Scarcity { what: "a disk that fills up (ext4)", mount: EXT4, take: fill },
    Scarcity { what: "a disk that fills up (btrfs)", mount: BTRFS, take: fill },
    Scarcity { what: "a quota group at its limit (btrfs)", mount: QUOTA_GROUP, take: fill },
    Scarcity { what: "no descriptor more", mount: "", take: limit_descriptors },
    Scarcity { what: "no address space more", mount: "", take: limit_address_space },
    Scarcity { what: "no data memory more", mount: "", take: limit_data },
];

/// The program, while the issuer holds the answer.
struct Program {
    process: u32,
    /// The folder as it sees it, which is gone with its namespace unless it is kept open.
    home: File,
}

impl Program {
    #[cfg(unix)]
    fn file(&self, name: &str) -> PathBuf {
        use std::os::fd::AsRawFd as _;
        Path::new("/proc/self/fd").join(self.home.as_raw_fd().to_string()).join(name)
    }

    /// Nothing of this can be had here.
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
    for scarcity in SCARCITIES {
        let what = format!("a spent token and {}: kept", scarcity.what);
        progress(&what);
        if let Some(help) = missing(&scarcity) {
            report.skipped(&what, help);
            continue;
        }
        let runs: Vec<usize> =
            lengths.iter().flat_map(|length| vec![*length; numbers.repeats]).collect();
        let met = parallel::each(&runs, |length| visit(program, &scarcity, *length))?;
        let is_kept = |(token, _): &&(Token, Ended)| *token == Token::Kept;
        report.count(&what, met.iter().filter(is_kept).count(), runs.len());
        for (token, ended) in met.iter().filter(|it| !is_kept(it)) {
            report.detail(format!("{what}: {token:?}: {}", ended.in_words()));
        }
    }
    Ok(())
}

fn missing(scarcity: &Scarcity) -> Option<&'static str> {
    let script = match scarcity.mount {
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

fn visit(program: &Path, scarcity: &Scarcity, length: usize) -> Outcome<(Token, Ended)> {
    let scene = Scene::with_document(program, length)?;
    let beside = tempfile::TempDir::new()?;
    let child = begin(&scene, scarcity, beside.path())?;
    scene.wait_for_save(child.id())?;
    let home = format!("/proc/{}/root{}", child.id(), scene.home.path().display());
    let held = Program { process: child.id(), home: File::open(home)? };
    (scarcity.take)(&held)?;
    scene.sandbox.release();
    let ended = Ended::wait(child)?;
    // What is kept beside the document waits for room.
    let stored =
        ["auth.json.login-cli.tmp", "auth.json"].map(|name| fs::read(held.file(name)).ok());
    let state = stored.iter().flatten().map(|content| scene.state_of(Some(content)));
    let state = state.max_by_key(|state| *state == State::New).unwrap_or(State::Torn);
    Ok((Token::judge(state, scene.refreshes()), ended))
}

/// The program has the process id of the shell.
fn begin(scene: &Scene<'_>, scarcity: &Scarcity, beside: &Path) -> Outcome<Child> {
    if scarcity.mount.is_empty() {
        return scene.begin(Flow::Refresh);
    }
    let script = format!(
        "cp \"$CODEX_HOME/auth.json\" \"$BESIDE/seed\"\n{}\ncp \"$BESIDE/seed\" \"$CODEX_HOME/auth.json\"
         exec \"$@\"",
        scarcity.mount
    );
    let mut command = scene.command("unshare".as_ref());
    command.args(["-m", "sh", "-ec", &script, "sh"]).arg(scene.program);
    command.args(scene.arguments(Flow::Refresh)).env("BESIDE", beside);
    Ok(command.spawn()?)
}

/// Writes until nothing more can be written, in ever smaller pieces.
fn fill(program: &Program) -> Outcome<()> {
    let mut filler =
        OpenOptions::new().write(true).create(true).truncate(true).open(program.file("filler"))?;
    for size in [64 * 1024, 4096, 512] {
        while filler.write_all(&vec![1; size]).is_ok() {}
        // What was written may find no room only now.
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

/// Standard input, output and error are all that could be opened anew.
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
