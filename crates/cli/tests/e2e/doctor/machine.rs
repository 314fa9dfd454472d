//! Checks of the machine: ports, names, browser, and remote context.

use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::process::{Command, Stdio};

use login::openai::{CREATE_API_KEY_PORT, SIGN_IN_OTHER_PORT, SIGN_IN_PORT};

use super::{doctor, in_network_namespace, run_report};
use crate::support::{BrowserDouble, World, report_skipped, write};

/// How doctor names the holder of a port of this process.
fn held_by_test() -> String {
    let id = std::process::id();
    let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap();
    format!("by {} (pid {id})", name.trim_end())
}

#[test]
fn free_ports_are_shown_with_their_command() {
    in_network_namespace("machine::free_ports_are_shown_with_their_command", || {
        let world = World::new();
        let report = run_report(&world, doctor(&world));
        report.assert_ok("ports", "1455", "free, for login");
        report.assert_ok("ports", "1457", "free, for login if 1455 is in use");
        report.assert_ok("ports", "5000", "free, for create-key").assert_can_sign_in();
    });
}

#[test]
fn one_free_login_port_is_enough() {
    in_network_namespace("machine::one_free_login_port_is_enough", || {
        let world = World::new();
        let first = TcpListener::bind((Ipv6Addr::LOCALHOST, SIGN_IN_PORT)).unwrap();
        let report = run_report(&world, doctor(&world));
        let found = format!("port 1455 is in use {}", held_by_test());
        let passed_over = format!("{found}; login uses 1457");
        report.assert_check("ports", "1455", "note", &passed_over, None).assert_can_sign_in();

        let second = TcpListener::bind((Ipv4Addr::UNSPECIFIED, SIGN_IN_OTHER_PORT)).unwrap();
        let report = run_report(&world, doctor(&world));
        let remedy = "end one of the two programs; OpenAI has registered no other port for login";
        report.assert_check("ports", "1455", "problem", &found, Some(remedy)).assert_problems(1);
        assert_eq!(report.check("ports", "1457")["verdict"], "warning");

        drop(first);
        let report = run_report(&world, doctor(&world));
        let found = format!("port 1457 is in use {}", held_by_test());
        report.assert_check("ports", "1457", "note", &found, None).assert_can_sign_in();
        drop(second);
    });
}

#[test]
fn create_key_port_does_not_affect_sign_in() {
    in_network_namespace("machine::create_key_port_does_not_affect_sign_in", || {
        let world = World::new();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, CREATE_API_KEY_PORT)).unwrap();
        let report = run_report(&world, doctor(&world));
        let found = format!("port 5000 is in use {}; create-key needs it", held_by_test());
        let remedy = "stop that program; OpenAI has registered no other port for this sign-in";
        report.assert_check("ports", "5000", "warning", &found, Some(remedy)).assert_can_sign_in();
        drop(taken);
    });
}

#[test]
fn waiting_sign_in_and_other_program_are_distinguished() {
    in_network_namespace("machine::waiting_sign_in_and_other_program_are_distinguished", || {
        let world = World::new();
        let waiting = world.login().port(SIGN_IN_PORT).start();
        waiting.auth_url();
        let requests = world.sandbox.requests().len();
        let finished = doctor(&world).arg("--json").run();
        let found = format!("another sign-in is waiting on port 1455 (pid {})", waiting.id);
        assert!(finished.stdout.contains(&found), "{}", finished.stdout);
        assert!(finished.stdout.contains(&format!("or run kill {}", waiting.id)));
        assert!(world.sandbox.requests()[requests..].iter().all(|it| it.method == "HEAD"));
        waiting.visit(sandbox::Account::OWNER);
        waiting.finish().exits(0);
    });
}

/// The browser would connect to the wrong address.
#[test]
fn wrong_localhost_address_is_a_problem() {
    in_network_namespace("machine::wrong_localhost_address_is_a_problem", || {
        let world = World::new();
        let file = world.path("work/hosts");
        write(&file, "10.0.0.7 localhost\n");
        // The `PATH` of the program is empty.
        let hosts = "/usr/bin/mount --bind \"$0\" /etc/hosts && exec \"$@\"";
        let line = ["/usr/bin/unshare", "-m", "/bin/sh", "-c", hosts].map(OsString::from);
        let line = [line.to_vec(), vec![file.clone().into_os_string()]].concat();
        let mut probe = Command::new(&line[0]);
        let probe = probe.args(&line[1..]).args(["/usr/bin/getent", "hosts", "localhost"]);
        let answer = probe.stderr(Stdio::null()).output().map(|output| output.stdout);
        if !answer.is_ok_and(|answer| answer.starts_with(b"10.0.0.7")) {
            return report_skipped(
                "localhost somewhere else: no /etc/hosts of a test's own is to be had",
            );
        }
        let report = run_report(&world, doctor(&world).under(line.clone()));
        let remedy = "in /etc/hosts, map localhost to 127.0.0.1 and ::1, and to nothing else";
        let found = "localhost is 10.0.0.7";
        report
            .assert_check("names", "localhost", "problem", found, Some(remedy))
            .assert_problems(1);
        // A browser tries the next address too.
        write(&file, "10.0.0.7 localhost\n127.0.0.1 localhost\n");
        let report = run_report(&world, doctor(&world).under(line.clone()));
        let found = "localhost is 10.0.0.7 and 127.0.0.1";
        report
            .assert_check("names", "localhost", "warning", found, Some(remedy))
            .assert_can_sign_in();
        write(&file, "127.0.0.1 localhost\n::1 localhost\n");
        let report = run_report(&world, doctor(&world).under(line));
        report
            .assert_ok("names", "localhost", "localhost is 127.0.0.1 and ::1")
            .assert_can_sign_in();
    });
}

const WITHOUT: &str = "login-cli login --no-browser, and open the URL yourself";

#[test]
fn browser_is_found_but_not_opened() {
    in_network_namespace("machine::browser_is_found_but_not_opened", || {
        let world = World::new();
        let browser = BrowserDouble::new(&world);
        let report = run_report(&world, doctor(&world).with_browser(&browser));
        report.assert_ok("browser", "launcher", "found").assert_can_sign_in();
        browser.assert_not_opened();
        // `BROWSER` names a program that opens on the user's side.
        let report = run_report(&world, doctor(&world).without_env("DISPLAY"));
        report.assert_ok("browser", "launcher", "found");
    });
}

#[test]
fn missing_browser_suggests_no_browser_option() {
    in_network_namespace("machine::missing_browser_suggests_no_browser_option", || {
        let world = World::new();
        let nothing =
            |start: crate::support::Start<'_>| run_report(&world, start.without_env("BROWSER"));
        let report =
            run_report(&world, doctor(&world).without_env("BROWSER").env("BROWSER", "/gone %s"));
        let remedy = format!("set BROWSER to another program, or {WITHOUT}");
        let found = "BROWSER names /gone, which does not exist";
        report
            .assert_check("browser", "launcher", "warning", found, Some(&remedy))
            .assert_can_sign_in();
        let report = run_report(&world, doctor(&world).without_env("BROWSER"));
        let remedy = format!("set BROWSER to a program, or {WITHOUT}");
        let found = "not found";
        report
            .assert_check("browser", "launcher", "warning", found, Some(&remedy))
            .assert_can_sign_in();
        for (set, verdict) in [("WAYLAND_DISPLAY", "warning"), ("NOTHING", "note")] {
            let report = nothing(doctor(&world).without_env("DISPLAY").env(set, "x"));
            assert_eq!(report.check("browser", "launcher")["verdict"], verdict, "{set}");
            report.assert_can_sign_in();
        }
    });
}

#[test]
fn ssh_prints_the_forwarding_command() {
    in_network_namespace("machine::ssh_prints_the_forwarding_command", || {
        let world = World::new();
        let start = || {
            doctor(&world)
                .without_env("BROWSER")
                .without_env("DISPLAY")
                .env("SSH_CONNECTION", "10.0.0.9 50000 10.0.0.7 22")
        };
        let report = run_report(&world, start());
        let found = "SSH: the browser on your side has to reach port 1455 here";
        let remedy = "on your side: ssh -L 1455:localhost:1455 10.0.0.7\nhere: login-cli login \
                      --no-browser\nwithout port forwarding: login-cli login --device";
        report.assert_check("session", "ssh", "note", found, Some(remedy)).assert_can_sign_in();

        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, SIGN_IN_PORT)).unwrap();
        let found = "SSH: the browser on your side has to reach port 1457 here";
        let remedy = "on your side: ssh -L 1457:localhost:1457 ada@10.0.0.7\nhere: login-cli --profile work \
                      login --no-browser --port 1457\nwithout port forwarding: login-cli --profile work login \
                      --device";
        let report = run_report(&world, start().env("USER", "ada").args(["--profile", "work"]));
        report.assert_check("session", "ssh", "note", found, Some(remedy)).assert_can_sign_in();
        drop(taken);

        let report = run_report(&world, start().env("DISPLAY", "localhost:10.0"));
        report.assert_ok("session", "ssh", "SSH, with a display for the browser");
        let report = run_report(&world, start().env("SSH_CONNECTION", "\u{1b}[2J 1 $(id) 22"));
        let remedy = "on your side: ssh -L 1455:localhost:1455 HOST\nhere: login-cli login \
                      --no-browser\nwithout port forwarding: login-cli login --device";
        let found = "SSH: the browser on your side has to reach port 1455 here";
        report.assert_check("session", "ssh", "note", found, Some(remedy));
    });
}

#[test]
fn remote_context_is_noted() {
    in_network_namespace("machine::remote_context_is_noted", || {
        let world = World::new();
        for (variable, name, found, remedy) in [
            ("container", "container", "a container: ", "use --network=host for the container"),
            (
                "KUBERNETES_SERVICE_HOST",
                "container",
                "a pod: ",
                "on your side: kubectl port-forward POD 1455:1455\n",
            ),
            (
                "VSCODE_IPC_HOOK_CLI",
                "editor",
                "a remote editor: ",
                "forward it in the editor's Ports view\n",
            ),
            ("WSL_DISTRO_NAME", "wsl", "WSL: ", "if it does not: set localhostForwarding=true"),
        ] {
            let report = run_report(&world, doctor(&world).env(variable, "x"));
            let check = report.check("session", name);
            assert_eq!(check["verdict"], "note");
            assert!(check["found"].as_str().unwrap().starts_with(found), "{check}");
            assert!(check["remedy"].as_str().unwrap().starts_with(remedy), "{check}");
            report.assert_can_sign_in();
        }
        let start = doctor(&world).env("CODESPACES", "true").env("CODESPACE_NAME", "ada-x1");
        let report = run_report(&world, start.without_env("BROWSER"));
        let check = report.check("session", "codespace");
        let remedy = "VS Code forwards it (Ports view); otherwise, on your side: gh codespace ports \
                      forward 1455:1455 -c ada-x1\n";
        assert!(check["remedy"].as_str().unwrap().starts_with(remedy), "{check}");
        let found = "not used: a browser here would not open in front of you";
        report
            .assert_check("browser", "launcher", "note", found, Some(WITHOUT))
            .assert_can_sign_in();
    });
}
