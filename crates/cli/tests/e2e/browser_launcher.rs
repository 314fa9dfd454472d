//! The sign-in continues whatever the browser launcher does. The launcher runs in its own session.
//! Its failure causes a warning.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process_group};
use sandbox::Account;
use url::Url;

use crate::support::{
    BrowserDouble, Canaries, Running, Start, TEST_TIMEOUT, World, parameter, program,
    report_skipped, write,
};

const WARNING: &str = "warning: no browser could be started; open the address above yourself\n";

/// The value of `BROWSER` that runs this shell script with the URL as its argument.
fn launcher(world: &World, script: &str) -> String {
    let path = world.path("launcher.sh");
    write(&path, script);
    format!("/bin/sh {} %s", path.display())
}

fn opening_with<'w>(start: Start<'w>, browser: &str) -> Start<'w> {
    start.without("--no-browser", 0).env("BROWSER", browser)
}

/// Waits for a line in this file.
#[track_caller]
fn read_line(path: &Path) -> String {
    let begun = Instant::now();
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim_end().to_owned(),
            _ => assert!(begun.elapsed() < TEST_TIMEOUT, "no line in {}", path.display()),
        }
        thread::yield_now();
    }
}

/// The child processes that have not been waited for.
fn children(running: &Running<'_>) -> String {
    let threads = fs::read_dir(format!("/proc/{}/task", running.id)).unwrap();
    threads.filter_map(|it| fs::read_to_string(it.unwrap().path().join("children")).ok()).collect()
}

// threats 184
#[test]
fn failing_launcher_causes_one_warning() {
    for flow in [World::login, World::create_key] {
        for script in [
            "exit 1",
            "exit 3",
            "echo noise; echo noise >&2; exit 1",
            "kill -SEGV $$",
            "kill -KILL $$",
            "a-program-that-is-not-there \"$1\"",
        ] {
            let world = World::new();
            let running = opening_with(flow(&world), &launcher(&world, script)).start();
            running.says(WARNING);
            assert_eq!(children(&running), "", "{script}");
            running.visit(Account::OWNER);
            let finished = running.finish();
            finished.exits(0).says_nothing_of("noise").says_nothing_of("not found");
            assert_eq!(finished.stderr.matches("warning: ").count(), 1, "{script}");
        }
    }
}

// threats 184
#[test]
fn launcher_that_opens_nothing_does_not_block() {
    for script in ["", "echo noise; echo noise >&2", "(echo noise; exit 1) &"] {
        let world = World::new();
        let ran = world.path("ran");
        let script = format!("echo ran > {}; {script}", ran.display());
        let running = opening_with(world.login(), &launcher(&world, &script)).start();
        read_line(&ran);
        let begun = Instant::now();
        while !children(&running).is_empty() {
            assert!(begun.elapsed() < TEST_TIMEOUT, "a process is left over");
            thread::yield_now();
        }
        running.visit(Account::OWNER);
        let finished = running.finish();
        finished.exits(0).says_nothing_of("warning: ").says_nothing_of("noise");
    }
}

/// A launcher that writes its process ids and waits until the test releases it.
struct HangingLauncher {
    command: String,
    started: PathBuf,
    ended: PathBuf,
    hold: PathBuf,
}

impl HangingLauncher {
    fn new(world: &World) -> Self {
        let [started, ended, hold] =
            ["started", "ended", "hold"].map(|name| world.path(&format!("launcher.{name}")));
        assert!(Command::new("mkfifo").arg(&hold).status().unwrap().success());
        let script = format!(
            "echo $$ $PPID > {}; read word < {}; echo $word > {}",
            started.display(),
            hold.display(),
            ended.display()
        );
        Self { command: launcher(world, &script), started, ended, hold }
    }

    /// The process ids of the launcher and of the process that opens the browser.
    #[track_caller]
    fn ids(&self) -> [String; 2] {
        let ids = read_line(&self.started);
        ids.split(' ').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
    }

    /// Fails if the launcher was killed.
    #[track_caller]
    fn release(self) {
        // Opening for reading and writing does not block.
        let mut pipe = File::options().read(true).write(true).open(&self.hold).unwrap();
        writeln!(pipe, "alive").unwrap();
        assert_eq!(read_line(&self.ended), "alive");
    }
}

// threats 184
#[test]
fn hanging_launcher_is_not_killed() {
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let hanging = HangingLauncher::new(&world);
        let running = opening_with(flow(&world), &hanging.command).start();
        hanging.ids();
        running.visit(Account::OWNER);
        running.finish().exits(0).says_nothing_of("warning: ");
        hanging.release();
    }
}

/// Ctrl-C sends a signal to the whole foreground process group.
// threats 185
#[test]
fn interrupt_does_not_reach_the_launcher() {
    if !has_setsid() {
        return;
    }
    let world = World::new();
    let hanging = HangingLauncher::new(&world);
    let running = opening_with(world.login(), &hanging.command).under([SETSID]).start();
    hanging.ids();
    let group = Pid::from_raw(running.id.try_into().unwrap()).unwrap();
    kill_process_group(group, Signal::INT).unwrap();
    running.finish().exits(130);
    hanging.release();
}

/// From util-linux. Starts a program as the leader of a new session.
const SETSID: &str = "/usr/bin/setsid";

fn has_setsid() -> bool {
    let has = Path::new(SETSID).exists();
    if !has {
        report_skipped(&format!("the leader of a session: {SETSID} is not there"));
    }
    has
}

/// Every user of the machine can read process arguments, so our own processes do not have the URL
/// as an argument. The launcher gets it as its only argument. The environment contains no secrets.
// threats 182 187 217
#[test]
fn launcher_gets_only_the_url() {
    let world = World::new();
    world.signed_in(3600);
    let hanging = HangingLauncher::new(&world);
    let login = world.login().env("PGPASSWORD", "canary-password-of-a-database-03bd");
    let running = opening_with(login, &hanging.command).start();
    let auth_url = running.auth_url();
    let read = |id: &str, what: &str| fs::read(format!("/proc/{id}/{what}")).unwrap();
    let words = |id: &str| {
        let line = String::from_utf8(read(id, "cmdline")).unwrap();
        line.split_terminator('\0').map(str::to_owned).collect::<Vec<_>>()
    };
    let ids = hanging.ids();
    let [launched, opener] = ids.each_ref().map(|id| words(id));
    let program = program().into_string().unwrap();
    assert_eq!(opener, [program.as_str(), "__open-browser"]);
    let script = world.path("launcher.sh");
    assert_eq!(launched, ["/bin/sh", script.to_str().unwrap(), auth_url.as_str()]);
    let given = read(&running.id.to_string(), "environ");
    let seen = ids.each_ref().map(|id| read(id, "environ"));
    let variables = |environment: &[u8]| {
        let mut all: Vec<Vec<u8>> = environment.split(|it| *it == 0).map(<[u8]>::to_vec).collect();
        all.sort_unstable();
        all
    };
    let mut expected = variables(&given);
    expected.retain(|it| !it.starts_with(b"PGPASSWORD="));
    assert_eq!(expected.len() + 1, variables(&given).len());
    assert!(variables(&seen[1]) == expected, "{}", String::from_utf8_lossy(&seen[1]));

    running.visit(Account::OWNER);
    running.finish().exits(0);
    let secrets = [world.sandbox.canaries(), world.registered_secrets()].concat();
    let canaries = Canaries::new(&secrets);
    let state = format!("&state={}", parameter(&auth_url, "state"));
    let without_state = auth_url.as_str().replace(&state, "");
    assert!(canaries.found_in(auth_url.as_str().as_bytes()).is_some(), "the state is one");
    assert_eq!(canaries.found_in(without_state.as_bytes()), None);
    for environment in seen {
        assert_eq!(canaries.found_in(&environment), None);
    }
    hanging.release();
}

/// Tests whether the launcher can open a terminal, and prints its process data (proc(5)).
const TERMINAL_SCRIPT: &str = r#"
case $1 in http*) who=launcher;; *) who=test;; esac
if (: < /dev/tty) 2> /dev/null; then tty=open; else tty=none; fi
read own < "/proc/$$/stat"
read parent < "/proc/$PPID/stat"
echo "$tty/$own/$parent" > "${0%.sh}.$who"
"#;

/// Runs the command with its own controlling terminal. The output still goes to the test.
fn on_a_terminal<'w>(world: &World, start: Start<'w>) -> Start<'w> {
    let script = world.path("launcher.sh");
    let wrapper = format!(
        "line='/bin/sh {} here; exec'; for word; do line=\"$line '$word'\"; done; \
         exec {SCRIPT} -qec \"$line >&8 2>&9\" /dev/null 8>&1 9>&2",
        script.display()
    );
    start.env("SHELL", "/bin/sh").under(["/bin/sh", "-c", &wrapper, "sh"])
}

/// From util-linux.
const SCRIPT: &str = "/usr/bin/script";

/// The browser library starts text browsers (`lynx`, `w3m`) in another way than other launchers.
// threats 185
#[test]
fn launcher_has_no_controlling_terminal() {
    if !Path::new(SCRIPT).exists() {
        return report_skipped(&format!(
            "a browser that draws on the terminal: {SCRIPT} is not there"
        ));
    }
    for name in ["sh", "lynx", "w3m"] {
        let world = World::new();
        let shell = world.path(&format!("bin/{name}"));
        symlink("/bin/sh", &shell).unwrap();
        let script = world.path("launcher.sh");
        write(&script, TERMINAL_SCRIPT);
        let browser = format!("{} {} %s", shell.display(), script.display());
        let start = opening_with(world.login(), &browser);
        let running = on_a_terminal(&world, start).start();
        let [test, launched] =
            ["test", "launcher"].map(|who| read_line(&script.with_extension(who)));
        assert!(test.starts_with("open/"), "{test}");
        assert_ne!(terminal_of(test.split('/').nth(1).unwrap()), "0");

        let seen: Vec<&str> = launched.split('/').collect();
        let [tty, launcher, opener] = seen.try_into().unwrap();
        assert_eq!(tty, "none", "{name}");
        let opener_id = opener.split(' ').next().unwrap();
        for process in [launcher, opener] {
            assert_eq!(session_of(process), opener_id, "{process}");
            assert_eq!(terminal_of(process), "0", "{process}");
        }
        running.visit(Account::OWNER);
        running.finish().exits(0).says_nothing_of("warning: ");
    }
}

fn session_of(stat: &str) -> &str {
    fields_after_name(stat)[3]
}

/// The controlling terminal; 0 means none.
fn terminal_of(stat: &str) -> &str {
    fields_after_name(stat)[4]
}

/// The fields after the process name: state, parent, group, session, terminal.
fn fields_after_name(stat: &str) -> Vec<&str> {
    stat.rsplit_once(") ").unwrap().1.split(' ').collect()
}

/// Runs the internal command that opens the browser, as another program could do.
#[track_caller]
fn assert_opener_exits(words: &[&str], input: &str, code: i32) {
    let world = World::new();
    let browser = BrowserDouble::new(&world);
    let start = world.program(words.iter().copied()).with_browser(&browser).with_stdin(input);
    start.run().exits(code).prints("");
    browser.assert_not_opened();
}

// threats 182
#[test]
fn launcher_opens_only_one_http_url() {
    const WORD: &str = "__open-browser";
    for address in
        ["", "x", "-x", "--help", "file:///etc/passwd", "javascript:alert(1)", "x-app:--run"]
    {
        assert_opener_exits(&[WORD], address, 1);
    }
    for words in [vec![WORD, "http://a.test/"], vec![WORD, "http://a.test/", "http://b.test/"]] {
        assert_opener_exits(&words, "http://a.test/", 2);
    }
    let world = World::new();
    let browser = BrowserDouble::new(&world);
    let address = "https://a.test/?x=$(id)`id`'%20;&%20-x";
    let start = world.program([WORD]).with_browser(&browser).with_stdin(address);
    start.run().exits(0).prints("");
    assert_eq!(browser.opened(), Url::parse(address).unwrap().as_str());
    browser.assert_not_opened();
    let help = world.program(["--help"]).run();
    assert!(!help.stdout.contains(WORD), "{}", help.stdout);
}

/// A process that a shell starts leads a process group, so setsid(2) fails.
// threats 185
#[test]
fn opener_that_cannot_leave_its_session_opens_nothing() {
    if !has_setsid() {
        return;
    }
    let world = World::new();
    let browser = BrowserDouble::new(&world);
    let start = world.program(["__open-browser"]).with_browser(&browser);
    let start = start.with_stdin("https://a.test/");
    start.under([SETSID]).run().exits(1);
    browser.assert_not_opened();
}

/// An update can delete the running program file, so the program cannot start itself again.
// threats 184 189
#[test]
fn deleted_program_file_still_opens_browser_once() {
    const WITHOUT_FILE: &str = r#"/bin/cp "$1" "$0" && exec 3< "$0" && /bin/rm "$0" && shift && exec /proc/self/fd/3 "$@""#;
    let world = World::new();
    let browser = BrowserDouble::new(&world);
    let copy = world.path("copy");
    let wrapper = ["/bin/sh", "-c", WITHOUT_FILE, copy.to_str().unwrap()];
    let running = world.login().opening_browser(&browser).under(wrapper).start();
    assert_eq!(browser.opened_with_url(), running.auth_url());
    running.visit(Account::OWNER);
    running.finish().exits(0).says_nothing_of("warning: ");
    browser.assert_not_opened();
}

/// A folder that the user happens to be in can contain malicious programs.
// threats 182
#[test]
fn programs_in_current_folder_are_not_run() {
    for entry in [".", "", "relative"] {
        let world = World::new();
        let ran = world.path("ran");
        let here = world.path("repository");
        fs::create_dir_all(here.join("relative")).unwrap();
        for program in [here.join("firefox"), here.join("relative/firefox")] {
            let script = format!(
                "printf '#!/bin/sh\\necho ran > {}\\n' > \"$1\" && chmod 700 \"$1\"",
                ran.display()
            );
            let status = Command::new("/bin/sh").args(["-c", &script, "sh"]).arg(&program).status();
            assert!(status.unwrap().success());
        }
        let path = format!("{entry}:{}", world.path("bin").display());
        let start = opening_with(world.login(), "firefox").without_env("PATH").env("PATH", path);
        let cd = format!("cd {} &&", here.display());
        let running = start.in_shell(&cd, "").start();
        running.says("warning: BROWSER is firefox, which does not exist");
        running.says(WARNING);
        running.visit(Account::OWNER);
        running.finish().exits(0);
        assert!(!ran.exists(), "{entry:?}");
    }
}
