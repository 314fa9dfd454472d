//! A browser starts only if it opens on the user's screen. Otherwise, the output explains how the
//! user's browser reaches the port. Root through sudo gets a warning.

use std::os::unix::fs::chown;
use std::process::Command;

use sandbox::Account;

use crate::support::{BrowserDouble, Finished, Start, World, report_skipped};

/// A double of the system's browser, which opens unless `BROWSER` is set.
fn system_browser(world: &World) -> BrowserDouble {
    let browser = BrowserDouble::new(world);
    let program = world.path("bin/x-www-browser");
    // Another process writes the file, so that no fork of this test process has it open.
    let script = format!(
        "printf '#!/bin/sh\\nexec {}\\n' > \"$1\" && chmod 700 \"$1\"",
        browser.command().replace("%s", "\"$@\"")
    );
    let status = Command::new("/bin/sh").args(["-c", &script, "sh"]).arg(&program).status();
    assert!(status.unwrap().success());
    browser
}

fn with_environment<'w>(start: Start<'w>, environment: &[(&str, &str)]) -> Start<'w> {
    environment.iter().fold(start, |start, (name, value)| start.env(name, *value))
}

const SSH: (&str, &str) = ("SSH_CONNECTION", "10.0.0.9 50000 10.0.0.7 22");
const USER: (&str, &str) = ("USER", "ada");

/// The text between the URL and the waiting line, with `PORT` for the port.
#[track_caller]
fn printed_help(finished: &Finished, port: u16) -> String {
    let (_, rest) = finished.stderr.split_once("\n\nhttp").unwrap();
    let (_, rest) = rest.split_once("\n\n").unwrap();
    let (help, _) = rest.split_once("Waiting for the browser, ").unwrap();
    assert!(help.lines().count() <= 4 && help.lines().all(|line| line.len() < 100), "{help}");
    help.replace(&port.to_string(), "PORT")
}

/// Signs in with the URL and checks the printed help.
#[track_caller]
fn assert_help(start: Start<'_>, expected: &str) {
    let running = start.start();
    let port = running.port();
    running.visit(Account::OWNER);
    let finished = running.finish();
    finished.exits(0).says_nothing_of("Your browser opens").says_nothing_of("warning: ");
    assert!(finished.stderr.starts_with("Open this address to "), "{}", finished.stderr);
    // There is no prompt here, and `create-key` has no device codes.
    let is_login = finished.stderr.starts_with("Open this address to sign in with ChatGPT:");
    let elsewhere = if is_login { DEVICE_HELP } else { "" };
    assert_eq!(printed_help(&finished, port), format!("{expected}{elsewhere}"));
}

const DEVICE_HELP: &str =
    "Or use login-cli login --device, which needs no connection back to this machine.\n";

/// No browser starts, although one is installed.
#[track_caller]
fn assert_not_started(environment: &[(&str, &str)], expected: &str) {
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let browser = system_browser(&world);
        assert_help(
            with_environment(flow(&world).without("--no-browser", 0), environment),
            expected,
        );
        browser.assert_not_opened();
    }
}

#[track_caller]
fn assert_started(environment: &[(&str, &str)]) {
    let world = World::new();
    let browser = system_browser(&world);
    let running = with_environment(world.login().without("--no-browser", 0), environment).start();
    assert_eq!(browser.opened_with_url(), running.auth_url());
    let port = running.port();
    running.visit(Account::OWNER);
    let finished = running.finish();
    finished.exits(0).says("Your browser opens to ").says_nothing_of("warning: ");
    assert_eq!(printed_help(&finished, port), "");
    browser.assert_not_opened();
}

const REACH: &str = "The browser on your side has to reach port PORT here";

fn forwarding_help(command: &str) -> String {
    format!("{REACH}. On your side, run:\n    {command}\n")
}

// threats 185
#[test]
fn ssh_prints_one_port_forwarding_command() {
    let line = forwarding_help("ssh -L PORT:localhost:PORT ada@10.0.0.7");
    assert_not_started(&[SSH, USER], &line);
    assert_not_started(&[SSH, ("LOGNAME", "ada")], &line);
    for (connection, end) in [
        ("10.0.0.9 50000 10.0.0.7 2", "-p 2 ada@10.0.0.7"),
        ("2001:db8::9 50000 2001:db8::7 22", "ada@2001:db8::7"),
    ] {
        let line = forwarding_help(&format!("ssh -L PORT:localhost:PORT {end}"));
        assert_not_started(&[("SSH_CONNECTION", connection), USER], &line);
    }
    assert_not_started(
        &[("SSH_TTY", "/dev/pts/3"), USER],
        &forwarding_help("ssh -L PORT:localhost:PORT HOST"),
    );
}

// threats 185
#[test]
fn no_browser_option_prints_the_forwarding_command_too() {
    let world = World::new();
    let line = forwarding_help("ssh -L PORT:localhost:PORT ada@10.0.0.7");
    assert_help(with_environment(world.login(), &[SSH, USER]), &line);
    assert_help(with_environment(world.login(), &[SSH, USER, ("DISPLAY", ":10")]), &line);
    for nothing_to_add in [vec![], vec![("container", "docker")], vec![("WSL_DISTRO_NAME", "x")]] {
        assert_help(with_environment(world.login(), &nothing_to_add), "");
    }
}

// threats 185
#[test]
fn editor_forwards_the_port_itself() {
    let forwards = format!("{REACH}: the editor forwards it (Ports view).\n");
    assert_not_started(&[("VSCODE_IPC_HOOK_CLI", "/run/x.sock"), ("DISPLAY", ":1")], &forwards);
    assert_not_started(&[("TERM_PROGRAM", "vscode"), SSH, USER], &forwards);
    let codespace = |name: &str| {
        format!(
            "{REACH}: VS Code forwards it (Ports view).\n\
             Where the codespace is a tab of a browser, run on your side:\n    \
             gh codespace ports forward PORT:PORT{name}\n"
        )
    };
    let is_one = ("CODESPACES", "true");
    assert_not_started(&[is_one, ("CODESPACE_NAME", "ada-x")], &codespace(" -c ada-x"));
    assert_not_started(&[is_one, ("CODESPACE_NAME", "-x;id")], &codespace(""));
}

// threats 185
#[test]
fn container_prints_a_way_to_sign_in() {
    assert_not_started(
        &[("container", "docker")],
        "A browser outside of this container may not reach port PORT in it:\n\
         use --network=host for the container, or mount ~/.codex from outside.\n",
    );
    let pod = forwarding_help("kubectl port-forward POD PORT:PORT");
    assert_not_started(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")], &pod);
}

/// The test itself can run in a container, which changes the message.
// threats 185
#[test]
fn no_browser_starts_without_a_display() {
    let world = World::new();
    let browser = system_browser(&world);
    let running = world.login().without("--no-browser", 0).start();
    let port = running.port();
    running.visit(Account::OWNER);
    let finished = running.finish();
    finished.exits(0).says("Open this address to sign in with ChatGPT:\n");
    assert!(printed_help(&finished, port).contains(" port PORT "), "{}", finished.stderr);
    browser.assert_not_opened();
}

// threats 185
#[test]
fn browser_starts_with_a_display() {
    assert_started(&[("DISPLAY", ":0")]);
    assert_started(&[("WAYLAND_DISPLAY", "wayland-0"), ("container", "toolbox")]);
    assert_started(&[SSH, ("DISPLAY", "localhost:10.0")]);
    assert_started(&[("WSL_DISTRO_NAME", "Ubuntu")]);
    assert_started(&[("WSL_DISTRO_NAME", "Ubuntu"), ("VSCODE_IPC_HOOK_CLI", "/run/x.sock")]);
}

// threats 185
#[test]
fn program_in_browser_variable_is_always_used() {
    for environment in [
        vec![SSH, USER],
        vec![("container", "docker")],
        vec![("CODESPACES", "true")],
        vec![("VSCODE_IPC_HOOK_CLI", "/run/x.sock")],
        vec![],
    ] {
        let world = World::new();
        let browser = BrowserDouble::new(&world);
        let running =
            with_environment(world.login().opening_browser(&browser), &environment).start();
        assert_eq!(browser.opened_with_url(), running.auth_url());
        let port = running.port();
        running.visit(Account::OWNER);
        let finished = running.finish();
        finished.exits(0).says("Your browser opens to ");
        assert_eq!(printed_help(&finished, port), "");
        browser.assert_not_opened();
    }
}

/// A printed command must not contain text from an attacker.
// threats 185 192
#[test]
fn hostile_environment_does_not_reach_the_command() {
    let world = World::new();
    for user in ["-oProxyCommand=id", "a;id", "\u{1b}[2J", "$(id)"] {
        let line = forwarding_help("ssh -L PORT:localhost:PORT 10.0.0.7");
        assert_help(with_environment(world.login(), &[SSH, ("USER", user)]), &line);
    }
    for connection in
        ["10.0.0.9 1 $(id) 22", "10.0.0.9 1 10.0.0.7 22;id", "\u{1b}]0;x\u{7} 1 \u{9b}31m 22", "x"]
    {
        let line = forwarding_help("ssh -L PORT:localhost:PORT HOST");
        assert_help(
            with_environment(world.login(), &[("SSH_CONNECTION", connection), USER]),
            &line,
        );
    }
}

/// Whether the test runs as root, which it needs to simulate sudo.
fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        report_skipped("a sign-in through sudo: this is not root");
    }
    is_root
}

const ADA: [(&str, &str); 2] = [("SUDO_USER", "ada"), ("SUDO_UID", "1000")];

/// A login as root with the default folder.
fn as_root(world: &World) -> Start<'_> {
    with_environment(world.login().without_env("CODEX_HOME"), &ADA)
}

fn warning(world: &World, place: &str) -> String {
    format!(
        "warning: running as root through sudo: the credentials go to {}, {place}; run it without sudo \
         to sign in as yourself\n",
        world.path("home/.codex/auth.json").display()
    )
}

// threats 188
#[test]
fn root_through_sudo_gets_a_warning() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let ours = warning(&world, "not to ada's");
    let finished = as_root(&world).signs_in(Account::OWNER);
    assert!(finished.exits(0).stderr.starts_with(&ours), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("warning: ").count(), 1);

    let key = Start::new(&world, "login").args(["--with-api-key"]).without_env("CODEX_HOME");
    let finished = with_environment(key, &ADA).with_stdin("sk-proj-of-a-test-0123456789\n").run();
    finished.says(&ours);

    let create_key = || with_environment(world.create_key().without_env("CODEX_HOME"), &ADA);
    create_key().arg("--save").signs_in(Account::OWNER).exits(0).says(&ours);
    create_key().signs_in(Account::OWNER).exits(0).says_nothing_of("warning: ");
}

// threats 188
#[test]
fn home_of_another_user_gets_a_warning() {
    use std::os::unix::fs::MetadataExt as _;
    if !is_root() {
        return;
    }
    let world = World::new();
    let home = world.path("home");
    chown(&home, Some(1000), Some(1000)).unwrap();
    let finished = as_root(&world).signs_in(Account::OWNER);
    finished.exits(0).says(&warning(&world, "and belong to root there"));
    let owner = |name: &str| home.join(name).metadata().unwrap().uid();
    assert_eq!([owner(""), owner(".codex"), owner(".codex/auth.json")], [1000, 0, 0]);

    // A folder in the home of another user belongs to that user.
    chown(home.join(".codex"), Some(1000), Some(1000)).unwrap();
    let finished = as_root(&world).signs_in(Account::OWNER);
    finished.exits(0).says(&warning(&world, "and belong to the owner of that folder"));
    assert_eq!([owner(".codex"), owner(".codex/auth.json")], [1000, 1000]);
}

// threats 188
#[test]
fn chosen_folder_or_plain_root_gets_no_warning() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let chosen = world.path("chosen").into_os_string();
    let by_sudo_of_root = [("SUDO_USER", "root"), ("SUDO_UID", "0")];
    for start in [
        with_environment(world.login(), &ADA),
        as_root(&world).arg("--codex-home").arg(chosen),
        world.login().without_env("CODEX_HOME"),
        with_environment(world.login().without_env("CODEX_HOME"), &by_sudo_of_root),
    ] {
        start.signs_in(Account::OWNER).exits(0).says_nothing_of("warning: ");
    }
    let hostile = as_root(&world).env("SUDO_USER", "\u{1b}[2J");
    let finished = hostile.signs_in(Account::OWNER);
    finished.exits(0).says(&warning(&world, "not to your own"));
}
