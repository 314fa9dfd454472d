//! The browser opens exactly once, with the URL as its only argument, and only if the callback
//! server listens.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use sandbox::{Account, Endpoint};

use crate::support::{BrowserDouble, Running, Start, TEST_TIMEOUT, World, parameter, write};

// threats 66 189
#[test]
fn browser_opens_once_after_port_listens() {
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let browser = BrowserDouble::new(&world);
        let running = flow(&world).opening_browser(&browser).start();
        let opened = browser.opened_with_url();
        let redirect_uri = parameter(&opened, "redirect_uri");
        let port = url::Url::parse(&redirect_uri).unwrap().port().unwrap();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert_eq!(opened, running.auth_url());
        running.visit(Account::OWNER);
        running.finish().exits(0).says(". If it does not, open this address:\n\n");
        browser.assert_not_opened();
    }
}

// threats 186
#[test]
fn no_browser_option_opens_no_browser() {
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let browser = BrowserDouble::new(&world);
        flow(&world).with_browser(&browser).signs_in(Account::OWNER).exits(0);
        browser.assert_not_opened();
    }
}

/// Runs a command that fails before it opens a browser.
#[track_caller]
fn assert_browser_not_opened(world: &World, code: i32, start: Start<'_>) {
    let browser = BrowserDouble::new(world);
    start.with_browser(&browser).run().exits(code);
    browser.assert_not_opened();
}

// threats 59 189
#[test]
fn browser_does_not_open_if_port_is_in_use() {
    let other_program = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = other_program.local_addr().unwrap().port();
    for flow in [World::login, World::create_key] {
        let world = World::new();
        assert_browser_not_opened(&world, 13, flow(&world).without("--no-browser", 0).port(port));
    }
}

// threats 62 189
#[test]
fn one_of_fifty_concurrent_sign_ins_opens_the_browser() {
    let world = World::new();
    let browser = BrowserDouble::new(&world);
    let free = world.waiting_login().port();
    let start = || world.login().port(free).opening_browser(&browser).start();
    let started: Vec<Running<'_>> = (0..50).map(|_| start()).collect();
    let (waiting, turned_away): (Vec<_>, Vec<_>) =
        started.into_iter().partition(Running::is_waiting);
    assert_eq!((waiting.len(), turned_away.len()), (1, 49));
    for running in turned_away {
        running.finish().exits(13);
    }
    for running in waiting {
        assert_eq!(browser.opened_with_url(), running.auth_url());
        running.visit(Account::OWNER);
        running.finish().exits(0);
    }
    browser.assert_not_opened();
}

// threats 157 189
#[test]
fn browser_does_not_open_if_store_is_unwritable() {
    for (flow, save) in
        [(World::login as fn(&World) -> Start<'_>, None), (World::create_key, Some("--save"))]
    {
        let world = World::new();
        write(&world.codex_home(), "a file");
        let start = flow(&world).without("--no-browser", 0).args(save);
        assert_browser_not_opened(&world, 1, start);
    }
}

// threats 189
#[test]
fn browser_does_not_open_for_wrong_usage_or_help() {
    for (code, arguments) in [
        (0, vec!["--help"]),
        (0, vec!["--version"]),
        (2, vec!["--frobnicate"]),
        (2, vec!["login", "--issuer", "http://example.com"]),
        (2, vec!["create-key", "--issuer", "http://127.0.0.1:1"]),
    ] {
        let world = World::new();
        assert_browser_not_opened(&world, code, world.program(arguments));
    }
}

// threats 202
#[test]
fn browser_does_not_open_without_home_folder() {
    let world = World::new();
    let start = world.login().without("--no-browser", 0).without_env("HOME");
    assert_browser_not_opened(&world, 1, start.without_env("CODEX_HOME"));
}

// threats 182
#[test]
fn shell_characters_in_url_stay_one_argument() {
    let world = World::new();
    let browser = BrowserDouble::new(&world);
    let client = "x;$(id)`id`'\"&|<> \n%s %c\\";
    let start = world.login().args(["--client-id", client]).opening_browser(&browser);
    let running = start.start();
    let opened = browser.opened_with_url();
    assert_eq!(opened, running.auth_url());
    assert_eq!(parameter(&opened, "client_id"), client);
    running.signal(rustix::process::Signal::INT);
    running.finish().exits(130);
    browser.assert_not_opened();
}

// threats 184
#[test]
fn missing_browser_does_not_stop_the_sign_in() {
    let world = World::new();
    let start = world.login().without("--no-browser", 0).env("BROWSER", "/nonexistent/browser");
    let running = start.start();
    running.says("warning: no browser could be started; open the address above yourself\n");
    running.visit(Account::OWNER);
    running.finish().exits(0);
}

// threats 184
#[test]
fn output_of_failing_browser_is_hidden() {
    let world = World::new();
    let script = world.path("noisy.sh");
    write(&script, "echo noise; echo noise >&2; exit 1");
    let browser = format!("/bin/sh {} %s", script.display());
    let start = world.login().without("--no-browser", 0).env("BROWSER", browser);
    let finished = start.signs_in(Account::OWNER);
    finished.exits(0).prints("").says_nothing_of("noise");
    assert_eq!(world.count(&Endpoint::Authorize), 1);
}

/// An inherited socket would keep the port in use after the program exits. An inherited output
/// would write to the terminal.
// threats 181
#[test]
fn browser_inherits_no_file_descriptors() {
    const SCRIPT: &str =
        r#"ls -l /proc/$$/fd > "${0%.sh}.partial"; mv "${0%.sh}.partial" "${0%.sh}.list""#;
    let world = World::new();
    let (script, list) = (world.path("descriptors.sh"), world.path("descriptors.list"));
    write(&script, SCRIPT);
    let command = format!("/bin/sh {} %s", script.display());
    // The test runner can have pipes that the program inherits.
    let inherited: Vec<PathBuf> = descriptors_of_this_test();
    let start = world.login().without("--no-browser", 0).env("BROWSER", command);
    let running = start.env("PATH", "/usr/bin:/bin").start();
    running.auth_url();
    let begun = Instant::now();
    while !list.exists() {
        assert!(begun.elapsed() < TEST_TIMEOUT, "the browser is not opened");
        thread::yield_now();
    }
    let listed = fs::read_to_string(&list).unwrap();
    let open: Vec<(&str, &str)> = listed.lines().filter_map(number_and_target).collect();
    for standard in ["0", "2"] {
        assert!(open.contains(&(standard, "/dev/null")), "{listed}");
    }
    // The shell has its script and its standard output open.
    let of_the_shell = [Path::new("/dev/null"), &script, &list.with_extension("partial")];
    let is_explained = |target: &str| {
        let target = Path::new(target);
        of_the_shell.contains(&target) || inherited.iter().any(|it| it == target)
    };
    let strange: Vec<_> = open.iter().filter(|(_, target)| !is_explained(target)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    running.visit(Account::OWNER);
    running.finish().exits(0);
}

/// Parses a line of `ls -l`, such as `l-wx------ 1 ada ada 64 Nov 21 18:48 1 -> /dev/null`.
fn number_and_target(line: &str) -> Option<(&str, &str)> {
    let (before, target) = line.split_once(" -> ")?;
    Some((before.rsplit(' ').next()?, target))
}

fn descriptors_of_this_test() -> Vec<PathBuf> {
    let entries = fs::read_dir("/proc/self/fd").unwrap();
    entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).collect()
}
