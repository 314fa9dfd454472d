//! Simulates a power failure. The folder is in an image that is mounted with a loop device. The
//! test copies the image at a step of the save, so unwritten data is lost. Mounting the copy
//! recovers the file system. The tests are skipped if the machine cannot mount images.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{TEST_TIMEOUT, World, report_skipped};

/// The mkfs command and the mount options. XFS has a minimum size, and refuses a copy of a disk that is still
/// mounted in the namespace of another test.
const DISKS: [(&str, &str); 4] = [
    ("mkfs.ext4 -q -F", "loop,commit=300"),
    ("mkfs.ext4 -q -F", "loop,commit=300,noauto_da_alloc"),
    ("mkfs.xfs -q -f", "loop,nouuid"),
    ("mkfs.btrfs -q -f", "loop,commit=300"),
];
const SIZE: u64 = 320 << 20;

/// After 30 seconds, the kernel writes what no program has synced.
const WRITEBACK: Duration = Duration::from_secs(25);

const OLD: &str = "{\"OPENAI_API_KEY\": \"sk-old\"}";
const KEY: &str = "sk-power-0123456789abcdefghijklmnop";

/// The system calls before which the program is killed: fsync of the new file, rename, fsync of the
/// folder.
const STEPS: [&str; 3] = ["fsync:when=1", "renameat:when=1", "fsync:when=2"];

/// A mounted image, unmounted on drop.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn new(image: &Path, options: &str, at: &'a Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        succeeds(Command::new("mount").args(["-o", options]).arg(image).arg(at)).then(|| Self(at))
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        // A child of another test can hold a file of this disk until it executes its program.
        let begun = Instant::now();
        while !succeeds(Command::new("umount").arg(self.0)) {
            assert!(begun.elapsed() < TEST_TIMEOUT, "cannot unmount {}", self.0.display());
        }
    }
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Runs `write` on this disk and returns `auth.json` after a power failure; `None` if the disk
/// cannot be created. On a busy machine, the test repeats it until the failure comes before the writeback.
fn after_power_failure(disk: (&str, &str), write: impl Fn(&World)) -> Option<String> {
    loop {
        let (left, failed_after) = power_failure(disk, &write)?;
        if failed_after < WRITEBACK {
            return left;
        }
    }
}

/// `auth.json` after a power failure, and how long after the last sync it came.
fn power_failure(
    (make, options): (&str, &str),
    write: impl Fn(&World),
) -> Option<(Option<String>, Duration)> {
    let world = World::new();
    let (live, cut, home) = (world.path("live.img"), world.path("cut.img"), world.codex_home());
    File::create(&live).unwrap().set_len(SIZE).unwrap();
    let mut words = make.split(' ');
    let made = succeeds(Command::new(words.next().unwrap()).args(words).arg(&live));
    let mounted = made.then(|| Mounted::new(&live, options, &home)).flatten();
    if mounted.is_none() {
        report_skipped(&format!(
            "a power failure on what {make} makes: it takes root and that program"
        ));
        return None;
    }
    world.store(OLD);
    let begun = Instant::now();
    assert!(succeeds(Command::new("sync").arg("-f").arg(&home)));
    write(&world);
    assert!(succeeds(Command::new("cp").arg("--sparse=always").arg(&live).arg(&cut)));
    let failed_after = begun.elapsed();
    drop(mounted);
    let begun = Instant::now();
    // Older kernels refuse a copy while the namespace of another test has the original mounted.
    let mut recovered = None;
    while recovered.is_none() {
        assert!(begun.elapsed() < TEST_TIMEOUT, "the file system does not recover");
        recovered = Mounted::new(&cut, options, &home);
    }
    Some((world.auth_json(), failed_after))
}

/// Stores an API key. The program is killed before a step, if `kill_before` names one.
fn store_api_key(world: &World, kill_before: Option<&str>) {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o"]).arg(world.path("trace")).args(["-e", "trace=fsync,renameat"]);
    if let Some((call, nth)) = kill_before.and_then(|step| step.split_once(':')) {
        strace.args(["-e", &format!("inject={call}:signal=SIGKILL:{nth}")]);
    }
    strace.arg(crate::support::program()).args(["login", "--with-api-key"]);
    let issuer = ["--issuer", world.sandbox.issuer_url()];
    strace.args(issuer).env("CODEX_HOME", world.codex_home());
    strace.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = strace.spawn().unwrap();
    child.stdin.take().unwrap().write_all(KEY.as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().success(), kill_before.is_none(), "{kill_before:?}");
}

fn can_trace() -> bool {
    let can = succeeds(Command::new("strace").args(["-e", "trace=none", "true"]));
    if !can {
        report_skipped("power failures: strace is not there or may not trace");
    }
    can
}

// threats 152
#[test]
fn power_failure_leaves_the_old_or_the_new_sign_in() {
    if !can_trace() {
        return;
    }
    for disk in DISKS {
        for step in STEPS {
            let Some(left) = after_power_failure(disk, |world| store_api_key(world, Some(step)))
            else {
                break;
            };
            assert!(left == OLD || is_new(&left), "{disk:?}, before {step}: {left:?}");
        }
        let Some(left) = after_power_failure(disk, |world| store_api_key(world, None)) else {
            continue;
        };
        assert!(is_new(&left), "{disk:?}, after it was said to be saved: {left:?}");
    }
}

fn is_new(auth_json: &str) -> bool {
    let document: Option<serde_json::Value> = serde_json::from_str(auth_json).ok();
    document.is_some_and(|document| document["OPENAI_API_KEY"] == KEY)
}

/// Proves that the test above can fail.
// threats 152
#[test]
fn rename_without_fsync_is_lost() {
    for disk in DISKS {
        let careless = |world: &World| {
            let temporary = world.codex_home().join("temporary");
            File::create(&temporary).unwrap().write_all(b"{\"OPENAI_API_KEY\": \"new\"}").unwrap();
            fs::rename(temporary, world.codex_home().join("auth.json")).unwrap();
        };
        let Some(left) = after_power_failure(disk, careless) else { continue };
        assert_ne!(left, "{\"OPENAI_API_KEY\": \"new\"}", "{disk:?}");
    }
}
