//! Attacks by another user of this machine, who runs shell scripts before and during a sign-in. None may read a
//! secret, change a file of the user, put another sign-in in the place of this one, or stop it without an
//! error that says why.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, Weak};

use sandbox::{Account, Endpoint};
use tempfile::TempDir;

use crate::support::{Start, StoredSignIn, World, parameter, program, report_skipped, write};

const SETPRIV: &str = "/usr/bin/setpriv";
const USER: u32 = 1000;
const ATTACKER: u32 = 1001;

/// A folder in which every user can create files, as `/tmp`.
const SHARED: &str = "shared";
/// A folder of the attacker, with a sign-in of the attacker.
const MINE: &str = "mine";
/// A file of the user that other users can read.
const PRECIOUS: &str = "home/precious";

/// The outcome of a sign-in after an attack.
#[derive(Clone, Copy)]
enum Then {
    Stored,
    /// The error, before the browser opens.
    Refused(&'static str),
    /// One or the other: it depends on the system (`fs.protected_symlinks`), or both are safe.
    Either,
}
use Then::{Either, Refused, Stored};

/// What the attacker does before a sign-in, and where this is stored.
const SQUATS: [(&str, &str, Then); 12] = [
    ("shared/codex", "mkdir -m 777 $CODEX", Refused("belongs to another user (uid 1001)")),
    ("shared/codex", "cp -r $MINE $CODEX; chmod 777 $CODEX", Refused("(uid 1001)")),
    ("shared/codex", "ln -s $MINE $CODEX", Either),
    ("shared/codex", "ln -s $HOME_OF_USER $CODEX", Either),
    ("shared/codex", "ln -s nowhere $CODEX", Refused("error: ")),
    ("shared/codex", "mkfifo -m 666 $CODEX", Refused("error: ")),
    ("shared/codex", "touch $CODEX", Refused("error: ")),
    ("shared/a/codex", "mkdir -m 777 $SHARED/a", Either),
    ("shared/a/codex", "ln -s $MINE $SHARED/a", Either),
    ("mine/codex", "mkdir -m 777 $CODEX", Refused("(uid 1001)")),
    ("mine/codex", "chmod 777 $MINE", Either),
    ("home/.codex", "mkdir $CODEX; touch $CODEX/auth.json", Stored),
];

/// The names of every file that the program opens in its folder.
const NAMES: [&str; 7] = [
    "auth.json",
    "auth.lock",
    "auth.json.lock",
    "auth.json.login-cli.tmp",
    "auth.json.login-cli.bak",
    "auth.json.login-cli.probe",
    "profiles",
];

/// What the attacker puts at such a name in the shared folder.
const KINDS: [&str; 5] = [
    "cp $MINE/auth.json $CODEX/$NAME; chmod 666 $CODEX/$NAME",
    "ln -s $PRECIOUS $CODEX/$NAME",
    "ln -s $MINE/auth.json $CODEX/$NAME",
    "mkfifo -m 666 $CODEX/$NAME",
    "ln $PRECIOUS $CODEX/$NAME || mkdir -m 777 $CODEX/$NAME",
];

/// What the attacker cannot read while the program waits for its browser, and the user can.
const READS: [&str; 13] = [
    "cat /proc/$PID/environ",
    "cat /proc/$PID/task/$PID/environ",
    "cat /proc/$PID/maps",
    "cat /proc/$PID/auxv",
    "cat /proc/$PID/syscall",
    "cat /proc/$PID/io",
    ": </proc/$PID/mem",
    "ls /proc/$PID/fd",
    "cat /proc/$PID/fd/0",
    "readlink /proc/$PID/exe",
    "readlink /proc/$PID/cwd",
    "cd /proc/$PID/root",
    "prlimit --pid $PID",
];

/// What else the attacker tries then. `curl` must report a refusal.
const INTRUSIONS: [&str; 20] = [
    "strace -p $PID",
    "kill -STOP $PID",
    "kill -QUIT $PID",
    "kill -KILL $PID",
    "prlimit --pid $PID --core=unlimited",
    "taskset -p 1 $PID",
    "renice -n 19 -p $PID",
    "tr '\\0' '\\n' </proc/$PID/cmdline | grep -F $STATE",
    "ls $CODEX",
    "cat $CODEX/auth.json",
    "ln $CODEX/auth.json $MINE/linked",
    "touch $CODEX/auth.json.lock",
    "flock --nonblock $CODEX/auth.lock true",
    "mv $CODEX $MINE/moved",
    "chmod 755 $CODEX",
    "rm -r $CODEX",
    "test $($CURL \"$URL?code=c&state=$STATE\") != 403",
    "test $($CURL \"$URL?error=access_denied&state=$STATE\") != 403",
    "test $($CURL \"$URL?code=c&state=other\") != 400",
    "test $($CURL -d code=c \"$URL?state=$STATE\") != 404",
];

/// The user, the attacker, and their folders.
struct Machine {
    world: World,
    codex_home: PathBuf,
    program: Arc<TempDir>,
}

impl Machine {
    fn new(codex_home: &str) -> Self {
        let world = World::new();
        let attackers = StoredSignIn::minted(&world, Account::NEW_OWNER, 3600);
        fs::create_dir(world.path(SHARED)).unwrap();
        fs::create_dir(world.path(MINE)).unwrap();
        write(&world.path(PRECIOUS), "precious");
        write(&world.path("mine/auth.json"), &attackers.text());
        for (name, owner, mode) in [
            ("", 0, 0o755),
            (SHARED, 0, 0o1777),
            (MINE, ATTACKER, 0o755),
            ("mine/auth.json", ATTACKER, 0o644),
            ("home", USER, 0o755),
            (PRECIOUS, USER, 0o644),
        ] {
            set_owner(&world.path(name), owner, mode);
        }
        let codex_home = world.path(codex_home);
        Self { world, codex_home, program: program_folder() }
    }

    /// Runs a shell script as the attacker.
    fn attack(&self, script: &str, variables: &[(&str, &str)]) -> Output {
        self.shell(ATTACKER, script, variables).output().unwrap()
    }

    fn shell(&self, user: u32, script: &str, variables: &[(&str, &str)]) -> Command {
        let mut shell = Command::new(SETPRIV);
        shell.args(&as_user(user)[1..]).args(["/bin/sh", "-c", script]);
        shell
            .current_dir(self.world.path(MINE))
            .env("CODEX", &self.codex_home)
            .env("SHARED", self.world.path(SHARED))
            .env("MINE", self.world.path(MINE))
            .env("HOME_OF_USER", self.world.path("home"))
            .env("PRECIOUS", self.world.path(PRECIOUS))
            .envs(variables.iter().copied())
            .stdin(Stdio::null());
        shell
    }

    /// The program as the user, with this folder.
    fn program<'w>(&self, start: Start<'w>) -> Start<'w> {
        let script = format!("shift; exec '{}/login-cli' \"$@\"", self.program.path().display());
        let shell = ["/bin/sh", "-c", &script, "sh"].map(str::to_owned);
        start.env("CODEX_HOME", &self.codex_home).under([as_user(USER), shell.into()].concat())
    }

    /// Signs in after an attack, and checks the outcome.
    #[track_caller]
    fn assert_sign_in(&self, attack: &str, then: Then) {
        let running = self.program(self.world.login()).start();
        let is_waiting = running.is_waiting();
        if is_waiting {
            running.visit(Account::OWNER);
        }
        let finished = running.finish();
        match then {
            Stored => finished.exits(0),
            Refused(error) => finished.exits(1).says(error),
            Either if finished.code == 0 => finished.exits(0),
            Either => finished.exits(1).says("error: "),
        };
        assert_eq!(is_waiting, finished.code == 0, "{attack}: {}", finished.stderr);
        if finished.code == 0 {
            self.assert_stored(attack);
        }
        self.assert_nothing_lost(attack);
    }

    /// The user's sign-in is stored, in a file that only the user can read.
    #[track_caller]
    fn assert_stored(&self, attack: &str) {
        let stored = fs::metadata(self.codex_home.join("auth.json")).unwrap();
        assert_eq!((stored.uid(), stored.mode() & 0o7777), (USER, 0o600), "{attack}");
        let token = self.program(self.world.command("token")).run();
        let issued = self.world.sandbox.issued().access_tokens;
        token.exits(0).prints(&format!("{}\n", issued.last().unwrap()));
    }

    /// The attacker finds no secret, and has changed no file of the user.
    #[track_caller]
    fn assert_nothing_lost(&self, attack: &str) {
        let issued = self.world.sandbox.issued();
        let mut secrets = [issued.access_tokens, issued.refresh_tokens, issued.id_tokens].concat();
        let attackers = fs::read_to_string(self.world.path("mine/auth.json")).unwrap();
        secrets.retain(|secret| !attackers.contains(secret));
        if !secrets.is_empty() {
            let (root, secrets) = (self.world.path(""), secrets.join("\n"));
            let variables = [("ROOT", root.to_str().unwrap()), ("SECRETS", &secrets)];
            let found = self.attack("grep -rlsF -e \"$SECRETS\" \"$ROOT\"", &variables);
            assert_eq!(String::from_utf8_lossy(&found.stdout), "", "{attack}");
        }
        let precious = self.world.path(PRECIOUS);
        let owner = fs::metadata(&precious).unwrap();
        assert_eq!((owner.uid(), owner.mode() & 0o7777), (USER, 0o644), "{attack}");
        assert_eq!(fs::read_to_string(precious).unwrap(), "precious", "{attack}");
    }
}

/// A folder with a copy of the program, which every user can enter. It is removed with the last machine.
fn program_folder() -> Arc<TempDir> {
    static SHARED: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap();
    shared.upgrade().unwrap_or_else(|| {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        fs::copy(program(), folder.path().join("login-cli")).unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        *shared = Arc::downgrade(&folder);
        folder
    })
}

/// The command that becomes this user.
fn as_user(user: u32) -> Vec<String> {
    let user = [format!("--reuid={user}"), format!("--regid={user}")];
    [vec![SETPRIV.to_owned()], user.into(), vec!["--clear-groups".to_owned()]].concat()
}

fn set_owner(path: &Path, user: u32, mode: u32) {
    chown(path, Some(user), Some(user)).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Whether this machine allows a test to become two users.
fn is_possible() -> bool {
    let runs = |user, script: &str| {
        let mut shell = Command::new(SETPRIV);
        shell.args(&as_user(user)[1..]).args(["/bin/sh", "-c", script]).stderr(Stdio::null());
        shell.stdout(Stdio::null()).status().is_ok_and(|it| it.success())
    };
    if ![USER, ATTACKER].into_iter().all(|user| runs(user, "true")) {
        report_skipped("attacks of another user: this is not root");
        return false;
    }
    // Without its tool, an attack would seem to fail.
    let tools = ["strace", "curl", "flock", "taskset", "renice", "prlimit"];
    let missing = tools.iter().find(|tool| !runs(ATTACKER, &format!("command -v {tool}")));
    if let Some(tool) = missing {
        report_skipped(&format!("attacks of another user: there is no {tool} here"));
    }
    missing.is_none()
}

// threats 160 161 165 166 231
#[test]
fn squatted_paths_are_refused_or_harmless() {
    if !is_possible() {
        return;
    }
    for (codex_home, attack, then) in SQUATS {
        let machine = Machine::new(codex_home);
        machine.attack(attack, &[]);
        machine.assert_sign_in(attack, then);
    }
}

// threats 160 161 166 216 231
#[test]
fn squatted_names_in_a_shared_folder_are_refused_or_harmless() {
    if !is_possible() {
        return;
    }
    for name in NAMES {
        for attack in KINDS {
            let machine = Machine::new(SHARED);
            machine.attack(attack, &[("NAME", name)]);
            machine.assert_sign_in(&format!("{name}: {attack}"), Either);
        }
    }
}

// threats 180 217 231
#[test]
fn running_program_resists_another_user() {
    if !is_possible() {
        return;
    }
    let machine = Machine::new("home/.codex");
    let running = machine.program(machine.world.login()).start();
    let state = parameter(&running.auth_url(), "state");
    let (process, url) = (running.id.to_string(), parameter(&running.auth_url(), "redirect_uri"));
    let curl = ("CURL", "curl -s -o /dev/null -w %{http_code}");
    let variables = [("PID", process.as_str()), ("URL", &url), ("STATE", &state), curl];
    let tries = |user: u32, attack: &str| {
        let tried = machine.shell(user, attack, &variables).output().unwrap();
        (tried.status.success(), format!("{attack}: {tried:?}"))
    };
    for attack in READS {
        let (is_possible, shown) = tries(USER, attack);
        assert!(is_possible, "{shown}");
    }
    for attack in READS.iter().chain(&INTRUSIONS) {
        let (is_possible, shown) = tries(ATTACKER, attack);
        assert!(!is_possible, "{shown}");
    }
    assert_eq!(machine.world.count(&Endpoint::Token), 0);
    running.visit(Account::OWNER);
    running.finish().exits(0);
    machine.assert_stored("");
    // Now there is a sign-in to read.
    for attack in INTRUSIONS.iter().filter(|attack| attack.contains("$CODEX")) {
        assert!(!tries(ATTACKER, attack).0, "{attack}");
    }
    machine.assert_nothing_lost("");
}

/// The check after each attack notices what it is for.
#[test]
fn readable_secrets_and_changed_files_are_noticed() {
    if !is_possible() {
        return;
    }
    let is_noticed = |loss: &str| {
        let machine = Machine::new("home/.codex");
        machine.assert_sign_in(loss, Stored);
        assert!(machine.shell(USER, loss, &[]).status().unwrap().success(), "{loss}");
        catch_unwind(AssertUnwindSafe(|| machine.assert_nothing_lost(loss))).is_err()
    };
    assert!(!is_noticed("true"));
    for loss in [
        "chmod 755 $CODEX && chmod 644 $CODEX/auth.json",
        "umask 022; cat $CODEX/auth.json >$SHARED/copy",
        "echo changed >$PRECIOUS",
        "chmod 666 $PRECIOUS",
    ] {
        assert!(is_noticed(loss), "{loss}");
    }
}

/// Another program may have made the lock file readable. The program then takes the permission away, but cannot
/// close the file that the attacker has open already.
// threats 216 231
#[test]
fn lock_held_by_another_user_is_waited_for_and_becomes_private() {
    if !is_possible() {
        return;
    }
    let machine = Machine::new("home/.codex");
    let stored = StoredSignIn::new(&machine.world, -3600);
    fs::create_dir(&machine.codex_home).unwrap();
    set_owner(&machine.codex_home, USER, 0o755);
    for (name, text, mode) in
        [("auth.json", stored.text(), 0o600), ("auth.lock", String::new(), 0o644)]
    {
        let path = machine.codex_home.join(name);
        write(&path, &text);
        set_owner(&path, USER, mode);
    }
    let hold = "exec 9<$CODEX/auth.lock; flock -s 9; echo held; read -r line";
    let mut attacker = machine.shell(ATTACKER, hold, &[]);
    let mut attacker = attacker.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    wait_for_line(&mut attacker);
    let running = machine.program(machine.world.command("token")).start();
    running.says("waiting for it");
    attacker.stdin.take().unwrap().write_all(b"\n").unwrap();
    running.finish().exits(0);
    attacker.wait().unwrap();
    let again = machine.attack("exec 9<$CODEX/auth.lock", &[]);
    assert!(!again.status.success());
}

fn wait_for_line(child: &mut Child) {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
}
