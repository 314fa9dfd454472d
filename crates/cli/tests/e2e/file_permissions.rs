//! File owners and modes as in containers and mounts, tested as another user.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use sandbox::{Account, Endpoint};

use crate::support::{Finished, Start, StoredSignIn, World, report_skipped};

const HOUR: i64 = 60 * 60;
const SETPRIV: &str = "/usr/bin/setpriv";

/// A user id and its group ids.
type User = (u32, &'static [u32]);

const ROOT: User = (0, &[0]);
const ADA: User = (1000, &[1000]);
const OF_POD: User = (1_000_650_000, &[0]);
const OF_GROUP: User = (1000, &[1000, 2000]);

/// Owners and modes of the files, and what the user can do.
struct Layout {
    name: &'static str,
    user: User,
    make: fn(&World),
    /// The notes in `status`.
    notes: &'static [&'static str],
    /// The error on a write, if it is refused.
    refused: Option<&'static str>,
}

const LAYOUTS: [Layout; 7] = [
    Layout {
        name: "a folder of the host in a container of root",
        user: ROOT,
        make: |world| {
            set_owner(world, "", (1000, 1000), 0o700);
            set_owner(world, "auth.json", (1000, 1000), 0o600);
        },
        notes: &["the file belongs to another user (uid 1000)"],
        refused: None,
    },
    Layout {
        name: "a Secret of a pod",
        user: ADA,
        make: |world| {
            let home = world.codex_home();
            let data = home.join("..2026_11_27_06_20_00.1");
            fs::create_dir(&data).unwrap();
            fs::rename(home.join("auth.json"), data.join("auth.json")).unwrap();
            symlink(data.file_name().unwrap(), home.join("..data")).unwrap();
            symlink("..data/auth.json", home.join("auth.json")).unwrap();
            set_owner(world, "", (0, 0), 0o1777);
            set_owner(world, "auth.json", (0, 0), 0o444);
        },
        notes: &["(uid 0)", "it is read-only here", "other users may read the file"],
        refused: Some("error: cannot "),
    },
    Layout {
        name: "a volume of a group",
        user: OF_GROUP,
        make: |world| {
            set_owner(world, "", (0, 2000), 0o2775);
            set_owner(world, "auth.json", (0, 2000), 0o660);
        },
        notes: &["(uid 0)"],
        refused: None,
    },
    Layout {
        name: "an arbitrary user of a pod",
        user: OF_POD,
        make: |world| {
            set_owner(world, "", (1001, 0), 0o770);
            set_owner(world, "auth.json", (1001, 0), 0o640);
        },
        notes: &["(uid 1001)", "it is read-only here"],
        refused: Some("belongs to another user (uid 1001)\nhint: choose a folder of your own"),
    },
    Layout {
        name: "a mount on which all is open",
        user: ADA,
        make: |world| {
            set_owner(world, "", (1000, 1000), 0o777);
            set_owner(world, "auth.json", (1000, 1000), 0o777);
        },
        notes: &["every user can write to the folder", "it is read-only here"],
        refused: Some("error: every user can write to the folder "),
    },
    Layout {
        name: "a file of another user",
        user: ADA,
        make: |world| {
            set_owner(world, "", (1000, 1000), 0o700);
            set_owner(world, "auth.json", (1001, 1001), 0o644);
        },
        notes: &["(uid 1001)", "it is read-only here"],
        refused: Some("belongs to another user (uid 1001)"),
    },
    Layout {
        name: "a link to a file of another user",
        user: ADA,
        make: |world| {
            let theirs = world.codex_home().join("theirs");
            fs::create_dir(&theirs).unwrap();
            fs::rename(world.codex_home().join("auth.json"), theirs.join("x.json")).unwrap();
            symlink("theirs/x.json", world.codex_home().join("auth.json")).unwrap();
            set_owner(world, "theirs", (1001, 1001), 0o755);
            set_owner(world, "auth.json", (1001, 1001), 0o644);
            set_owner(world, "", (1000, 1000), 0o700);
        },
        notes: &["(uid 1001)", "it is read-only here", "it is a link to "],
        refused: Some("belongs to another user (uid 1001)"),
    },
];

fn set_owner(world: &World, name: &str, (user, group): (u32, u32), mode: u32) {
    let path = world.codex_home().join(name);
    chown(&path, Some(user), Some(group)).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

impl Layout {
    /// A world with these owners and modes and a stored sign-in.
    fn world(&self, seconds_left: i64) -> (World, StoredSignIn) {
        let world = World::new();
        let stored = world.signed_in(seconds_left);
        fs::set_permissions(world.path(""), Permissions::from_mode(0o755)).unwrap();
        (self.make)(&world);
        (world, stored)
    }

    /// Runs a copy of the program, in a path that the user can read, as this user.
    fn run(&self, world: &World, start: Start<'_>) -> Finished {
        if self.user == ROOT {
            return start.run();
        }
        let program = world.path("login-cli");
        if !program.exists() {
            // Another process writes the copy. If this process had it open, a child of another test
            // could inherit the descriptor, and executing the file would fail with ETXTBSY.
            let copy = Command::new("cp").arg(crate::support::program()).arg(&program).status();
            assert!(copy.unwrap().success());
        }
        let script = format!("shift; exec '{}' \"$@\"", program.display());
        let shell = ["/bin/sh", "-c", &script, "sh"].map(str::to_owned);
        start.under([self.wrapper(), shell.into()].concat()).run()
    }

    /// The command that switches to this user.
    fn wrapper(&self) -> Vec<String> {
        let (user, groups) = self.user;
        let all: Vec<String> = groups.iter().map(u32::to_string).collect();
        let (user, group) = (format!("--reuid={user}"), format!("--regid={}", all[0]));
        [SETPRIV.to_owned(), user, group, format!("--groups={}", all.join(","))].into()
    }

    /// Whether this machine allows the test to switch to this user.
    fn is_available(&self) -> bool {
        let is_root = rustix::process::geteuid().is_root();
        if !is_root {
            report_skipped(&format!("{}: this is not root", self.name));
        }
        is_root
    }
}

fn layouts() -> impl Iterator<Item = &'static Layout> {
    LAYOUTS.iter().filter(|layout| layout.is_available())
}

// threats 165
#[test]
fn readable_layouts_are_read() {
    for layout in layouts() {
        let (world, stored) = layout.world(HOUR);
        let status = layout.run(&world, world.command("status"));
        status.exits(0);
        for note in layout.notes {
            assert!(
                status.stdout.contains(note),
                "{}: no {note} in {}",
                layout.name,
                status.stdout
            );
        }
        let token = format!("{}\n", stored.access_token);
        layout.run(&world, world.command("token")).exits(0).prints(&token);
        let exec = world.command("exec").args(["--access-token-env", "TOKEN", "--"]);
        layout.run(&world, exec.args(["/bin/sh", "-c", "test -n \"$TOKEN\""])).exits(0);
        assert!(world.auth_json().unwrap() == stored.text(), "{}: the file changed", layout.name);
    }
}

// threats 165
#[test]
fn unsafe_layouts_are_refused_before_the_browser_opens() {
    for layout in layouts() {
        let (world, stored) = layout.world(HOUR);
        let Some(reason) = layout.refused else { continue };
        let finished = layout.run(&world, world.login());
        finished.exits(1).prints("").says(reason).says_nothing_of("/oauth/authorize");
        layout.run(&world, world.command("logout")).exits(1).says(reason);
        assert!(world.sandbox.requests().is_empty(), "{}", layout.name);
        assert!(world.auth_json().unwrap() == stored.text(), "{}: the file changed", layout.name);
    }
}

/// If the new tokens cannot be stored, the refresh token is not used.
// threats 165
#[test]
fn token_that_cannot_be_refreshed_is_used_until_it_expires() {
    for layout in layouts().filter(|layout| layout.refused.is_some()) {
        let (world, stored) = layout.world(120);
        let token = layout.run(&world, world.command("token"));
        token.exits(0).prints(&format!("{}\n", stored.access_token)).says("warning: ");
        let (world, stored) = layout.world(-HOUR);
        let token = layout.run(&world, world.command("token"));
        let expired = "error: the access token has expired, and a new one could not be stored: ";
        token.exits(1).prints("").says(expired).says("\nhint: ");
        // `token` agrees with `status`.
        let status = layout.run(&world, world.command("status").arg("--json"));
        status.exits(1).says(expired);
        assert_eq!(status.json()["signed_in"], false, "{}", layout.name);
        assert_eq!(world.count(&Endpoint::TokenRefresh), 0, "{}", layout.name);
        assert!(world.auth_json().unwrap() == stored.text(), "{}: the file changed", layout.name);
    }
}

/// Root can write everywhere. The file keeps the owner of its folder.
// threats 165
#[test]
fn files_written_by_root_keep_their_owner() {
    let layout = &LAYOUTS[0];
    if !layout.is_available() {
        return;
    }
    let (world, _) = layout.world(-HOUR);
    world.command("token").run().exits(0);
    assert_all_owned_by(&world.codex_home(), 1000);
    world.login().signs_in(Account::OWNER).exits(0);
    assert_all_owned_by(&world.codex_home(), 1000);
    world.command("logout").run().exits(0);
    assert_all_owned_by(&world.codex_home(), 1000);
}

#[track_caller]
fn assert_all_owned_by(folder: &Path, user: u32) {
    assert_eq!(fs::metadata(folder).unwrap().uid(), user);
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().uid(), user, "{}", entry.path().display());
    }
}
