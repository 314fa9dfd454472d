//! A browser is started where it opens before the person, and nowhere else; where theirs has to reach
//! a port here, they are told how. And root by way of sudo is told whose credentials these will be.

use std::os::unix::fs::chown;
use std::process::Command;

use sandbox::Account;

use crate::support::{BrowserDouble, Finished, Start, World, left_out};

/// The browser of the system, which is opened unless `BROWSER` names one.
fn of_the_system(world: &World) -> BrowserDouble {
    let browser = BrowserDouble::in_(world);
    let program = world.path("bin/x-www-browser");
    // Written by another process: no fork of another test may hold it open.
    let script = format!(
        "printf '#!/bin/sh\\nexec {}\\n' > \"$1\" && chmod 700 \"$1\"",
        browser.command().replace("%s", "\"$@\"")
    );
    let status = Command::new("/bin/sh").args(["-c", &script, "sh"]).arg(&program).status();
    assert!(status.unwrap().success());
    browser
}

fn with<'w>(start: Start<'w>, environment: &[(&str, &str)]) -> Start<'w> {
    environment.iter().fold(start, |start, (name, value)| start.env(name, *value))
}

const SSH: (&str, &str) = ("SSH_CONNECTION", "10.0.0.9 50000 10.0.0.7 22");
const USER: (&str, &str) = ("USER", "ada");

/// What is said between the address and the waiting, with `PORT` in the place of the port.
#[track_caller]
fn help(finished: &Finished, port: u16) -> String {
    let (_, rest) = finished.stderr.split_once("\n\nhttp").unwrap();
    let (_, rest) = rest.split_once("\n\n").unwrap();
    let (help, _) = rest.split_once("Waiting for the browser, ").unwrap();
    assert!(help.lines().count() <= 4 && help.lines().all(|line| line.len() < 100), "{help}");
    help.replace(&port.to_string(), "PORT")
}

/// Signs in by the address alone, and hears this.
#[track_caller]
fn helps(start: Start<'_>, expected: &str) {
    let running = start.start();
    let port = running.port();
    running.visit(Account::OWNER);
    let finished = running.finish();
    finished.exits(0).says_nothing_of("Your browser opens").says_nothing_of("warning: ");
    assert!(finished.stderr.starts_with("Open this address to "), "{}", finished.stderr);
    // Nobody can be asked here, and `create-key` has no device codes.
    let is_login = finished.stderr.starts_with("Open this address to sign in with ChatGPT:");
    let elsewhere = if is_login && !expected.is_empty() { WITHOUT_A_WAY_BACK } else { "" };
    assert_eq!(help(&finished, port), format!("{expected}{elsewhere}"));
}

const WITHOUT_A_WAY_BACK: &str = "Or use login-cli login --device, which needs no way back.\n";

/// No browser is started, though there is one.
#[track_caller]
fn starts_none(environment: &[(&str, &str)], expected: &str) {
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let browser = of_the_system(&world);
        helps(with(flow(&world).without("--no-browser", 0), environment), expected);
        browser.assert_not_opened();
    }
}

#[track_caller]
fn starts_one(environment: &[(&str, &str)]) {
    let world = World::new();
    let browser = of_the_system(&world);
    let running = with(world.login().without("--no-browser", 0), environment).start();
    assert_eq!(browser.opened_with_url(), running.auth_url());
    let port = running.port();
    running.visit(Account::OWNER);
    let finished = running.finish();
    finished.exits(0).says("Your browser opens to ").says_nothing_of("warning: ");
    assert_eq!(help(&finished, port), "");
    browser.assert_not_opened();
}

const REACH: &str = "The browser on your side has to reach port PORT here";

fn to_run(command: &str) -> String {
    format!("{REACH}. On your side, run:\n    {command}\n")
}

// threats 185
#[test]
fn through_ssh_the_way_back_is_one_line() {
    let line = to_run("ssh -L PORT:localhost:PORT ada@10.0.0.7");
    starts_none(&[SSH, USER], &line);
    starts_none(&[SSH, ("LOGNAME", "ada")], &line);
    for (connection, end) in [
        ("10.0.0.9 50000 10.0.0.7 2", "-p 2 ada@10.0.0.7"),
        ("2001:db8::9 50000 2001:db8::7 22", "ada@2001:db8::7"),
    ] {
        let line = to_run(&format!("ssh -L PORT:localhost:PORT {end}"));
        starts_none(&[("SSH_CONNECTION", connection), USER], &line);
    }
    starts_none(&[("SSH_TTY", "/dev/pts/3"), USER], &to_run("ssh -L PORT:localhost:PORT HOST"));
}

// threats 185
#[test]
fn who_opens_the_address_by_hand_is_told_the_way_back_too() {
    let world = World::new();
    let line = to_run("ssh -L PORT:localhost:PORT ada@10.0.0.7");
    helps(with(world.login(), &[SSH, USER]), &line);
    helps(with(world.login(), &[SSH, USER, ("DISPLAY", ":10")]), &line);
    for nothing_to_add in [vec![], vec![("container", "docker")], vec![("WSL_DISTRO_NAME", "x")]] {
        helps(with(world.login(), &nothing_to_add), "");
    }
}

// threats 185
#[test]
fn behind_an_editor_it_is_the_editor_that_forwards() {
    let forwards = format!("{REACH}: the editor forwards it (Ports view).\n");
    starts_none(&[("VSCODE_IPC_HOOK_CLI", "/run/x.sock"), ("DISPLAY", ":1")], &forwards);
    starts_none(&[("TERM_PROGRAM", "vscode"), SSH, USER], &forwards);
    let codespace = |name: &str| {
        format!(
            "{REACH}: VS Code forwards it (Ports view).\n\
             Where the codespace is a tab of a browser, run on your side:\n    \
             gh codespace ports forward PORT:PORT{name}\n"
        )
    };
    let is_one = ("CODESPACES", "true");
    starts_none(&[is_one, ("CODESPACE_NAME", "ada-x")], &codespace(" -c ada-x"));
    starts_none(&[is_one, ("CODESPACE_NAME", "-x;id")], &codespace(""));
}

// threats 185
#[test]
fn in_a_container_what_works_is_said() {
    starts_none(
        &[("container", "docker")],
        "A browser outside of this container may not reach port PORT in it:\n\
         start it with --network=host, or sign in outside and mount auth.json.\n",
    );
    let pod = to_run("kubectl port-forward POD PORT:PORT");
    starts_none(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")], &pod);
}

/// This test may itself run in a container, which is then what is said.
// threats 185
#[test]
fn without_a_screen_no_browser_is_started() {
    let world = World::new();
    let browser = of_the_system(&world);
    let running = world.login().without("--no-browser", 0).start();
    let port = running.port();
    running.visit(Account::OWNER);
    let finished = running.finish();
    finished.exits(0).says("Open this address to sign in with ChatGPT:\n");
    assert!(help(&finished, port).contains(" port PORT "), "{}", finished.stderr);
    browser.assert_not_opened();
}

// threats 185
#[test]
fn a_browser_is_started_before_the_person() {
    starts_one(&[("DISPLAY", ":0")]);
    starts_one(&[("WAYLAND_DISPLAY", "wayland-0"), ("container", "toolbox")]);
    starts_one(&[SSH, ("DISPLAY", "localhost:10.0")]);
    starts_one(&[("WSL_DISTRO_NAME", "Ubuntu")]);
    starts_one(&[("WSL_DISTRO_NAME", "Ubuntu"), ("VSCODE_IPC_HOOK_CLI", "/run/x.sock")]);
}

// threats 185
#[test]
fn who_names_a_browser_knows_where_it_opens() {
    for environment in [
        vec![SSH, USER],
        vec![("container", "docker")],
        vec![("CODESPACES", "true")],
        vec![("VSCODE_IPC_HOOK_CLI", "/run/x.sock")],
        vec![],
    ] {
        let world = World::new();
        let browser = BrowserDouble::in_(&world);
        let running = with(world.login().opening(&browser), &environment).start();
        assert_eq!(browser.opened_with_url(), running.auth_url());
        let port = running.port();
        running.visit(Account::OWNER);
        let finished = running.finish();
        finished.exits(0).says("Your browser opens to ");
        assert_eq!(help(&finished, port), "");
        browser.assert_not_opened();
    }
}

/// A command that was put together by somebody else is not one to hand to a person.
// threats 185 192
#[test]
fn nothing_hostile_gets_from_the_environment_into_the_line() {
    let world = World::new();
    for user in ["-oProxyCommand=id", "a;id", "\u{1b}[2J", "$(id)"] {
        let line = to_run("ssh -L PORT:localhost:PORT 10.0.0.7");
        helps(with(world.login(), &[SSH, ("USER", user)]), &line);
    }
    for connection in
        ["10.0.0.9 1 $(id) 22", "10.0.0.9 1 10.0.0.7 22;id", "\u{1b}]0;x\u{7} 1 \u{9b}31m 22", "x"]
    {
        let line = to_run("ssh -L PORT:localhost:PORT HOST");
        helps(with(world.login(), &[("SSH_CONNECTION", connection), USER]), &line);
    }
}

/// Whether this test is root, who alone can show what sudo makes of somebody.
fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        left_out("a sign-in through sudo: this is not root");
    }
    is_root
}

const ADA: [(&str, &str); 2] = [("SUDO_USER", "ada"), ("SUDO_UID", "1000")];

/// A login as root, where nobody has chosen the folder of the credentials.
fn as_root(world: &World) -> Start<'_> {
    with(world.login().without_env("CODEX_HOME"), &ADA)
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
fn root_through_sudo_is_told_whose_credentials_these_are() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let ours = warning(&world, "not to ada's");
    let finished = as_root(&world).signs_in(Account::OWNER);
    assert!(finished.exits(0).stderr.starts_with(&ours), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("warning: ").count(), 1);

    let key = Start::new(&world, "login").args(["--with-api-key"]).without_env("CODEX_HOME");
    let finished = with(key, &ADA).reading("sk-proj-of-a-test-0123456789\n").run();
    finished.says(&ours);

    let create_key = || with(world.create_key().without_env("CODEX_HOME"), &ADA);
    create_key().arg("--save").signs_in(Account::OWNER).exits(0).says(&ours);
    create_key().signs_in(Account::OWNER).exits(0).says_nothing_of("warning: ");
}

// threats 188
#[test]
fn the_home_of_somebody_else_is_not_written_to_in_silence() {
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

    // What is in a folder of theirs is theirs.
    chown(home.join(".codex"), Some(1000), Some(1000)).unwrap();
    let finished = as_root(&world).signs_in(Account::OWNER);
    finished.exits(0).says(&warning(&world, "and belong to the owner of that folder"));
    assert_eq!([owner(".codex"), owner(".codex/auth.json")], [1000, 1000]);
}

// threats 188
#[test]
fn who_has_chosen_the_place_or_is_root_anyway_is_not_warned() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let chosen = world.path("chosen").into_os_string();
    let by_sudo_of_root = [("SUDO_USER", "root"), ("SUDO_UID", "0")];
    for start in [
        with(world.login(), &ADA),
        as_root(&world).arg("--codex-home").arg(chosen),
        world.login().without_env("CODEX_HOME"),
        with(world.login().without_env("CODEX_HOME"), &by_sudo_of_root),
    ] {
        start.signs_in(Account::OWNER).exits(0).says_nothing_of("warning: ");
    }
    let hostile = as_root(&world).env("SUDO_USER", "\u{1b}[2J");
    let finished = hostile.signs_in(Account::OWNER);
    finished.exits(0).says(&warning(&world, "not to your own"));
}
