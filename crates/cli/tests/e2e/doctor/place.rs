//! Where it runs: ports, names, the browser, and what is between it and the person.

use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::process::{Command, Stdio};

use login::openai::{CREATE_API_KEY_PORT, SIGN_IN_OTHER_PORT, SIGN_IN_PORT};

use super::{doctor, in_peace, looks};
use crate::support::{BrowserDouble, World, left_out, write};

/// What a port of this process is said to be held by.
fn by_us() -> String {
    let id = std::process::id();
    let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap();
    format!("by {} (pid {id})", name.trim_end())
}

#[test]
fn free_ports_are_told_by_their_use() {
    in_peace("place::free_ports_are_told_by_their_use", || {
        let world = World::new();
        let report = looks(&world, doctor(&world));
        report.good("ports", "1455", "free, for login");
        report.good("ports", "1457", "free, for login where 1455 is taken");
        report.good("ports", "5000", "free, for create-key").is_fit();
    });
}

#[test]
fn of_the_ports_for_a_sign_in_one_is_enough() {
    in_peace("place::of_the_ports_for_a_sign_in_one_is_enough", || {
        let world = World::new();
        let first = TcpListener::bind((Ipv6Addr::LOCALHOST, SIGN_IN_PORT)).unwrap();
        let report = looks(&world, doctor(&world));
        let found = format!("port 1455 is in use {}", by_us());
        let passed_over = format!("{found}; login takes 1457");
        report.judged("ports", "1455", "note", &passed_over, None).is_fit();

        let second = TcpListener::bind((Ipv4Addr::UNSPECIFIED, SIGN_IN_OTHER_PORT)).unwrap();
        let report = looks(&world, doctor(&world));
        let remedy = "end one of the two programs: OpenAI has registered no other port for login";
        report.judged("ports", "1455", "problem", &found, Some(remedy)).has_problems(1);
        assert_eq!(report.check("ports", "1457")["verdict"], "warning");

        drop(first);
        let report = looks(&world, doctor(&world));
        let found = format!("port 1457 is in use {}", by_us());
        report.judged("ports", "1457", "note", &found, None).is_fit();
        drop(second);
    });
}

#[test]
fn the_port_of_create_key_is_no_matter_of_a_sign_in() {
    in_peace("place::the_port_of_create_key_is_no_matter_of_a_sign_in", || {
        let world = World::new();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, CREATE_API_KEY_PORT)).unwrap();
        let report = looks(&world, doctor(&world));
        let found = format!("port 5000 is in use {}; create-key needs it", by_us());
        let remedy = "end that program; OpenAI has registered no other port for this sign-in";
        report.judged("ports", "5000", "warning", &found, Some(remedy)).is_fit();
        drop(taken);
    });
}

#[test]
fn a_sign_in_that_waits_is_told_from_a_stranger() {
    in_peace("place::a_sign_in_that_waits_is_told_from_a_stranger", || {
        let world = World::new();
        let waiting = world.login().port(SIGN_IN_PORT).start();
        waiting.auth_url();
        let requests = world.sandbox.requests().len();
        let finished = doctor(&world).arg("--json").run();
        let found = format!("another sign-in is waiting on port 1455 (pid {})", waiting.id);
        assert!(finished.stdout.contains(&found), "{}", finished.stdout);
        assert!(finished.stdout.contains("take its place with --cancel-previous"));
        assert!(world.sandbox.requests()[requests..].iter().all(|it| it.method == "HEAD"));
        waiting.visit(sandbox::Account::OWNER);
        waiting.finish().exits(0);
    });
}

/// Who resolves `localhost` elsewhere would send the browser there.
#[test]
fn localhost_somewhere_else_is_a_problem() {
    in_peace("place::localhost_somewhere_else_is_a_problem", || {
        let world = World::new();
        let file = world.path("work/hosts");
        write(&file, "10.0.0.7 localhost\n");
        // The program's own `PATH` leads nowhere.
        let hosts = "/usr/bin/mount --bind \"$0\" /etc/hosts && exec \"$@\"";
        let line = ["/usr/bin/unshare", "-m", "/bin/sh", "-c", hosts].map(OsString::from);
        let line = [line.to_vec(), vec![file.clone().into_os_string()]].concat();
        let mut probe = Command::new(&line[0]);
        let probe = probe.args(&line[1..]).args(["/usr/bin/getent", "hosts", "localhost"]);
        let answer = probe.stderr(Stdio::null()).output().map(|output| output.stdout);
        if !answer.is_ok_and(|answer| answer.starts_with(b"10.0.0.7")) {
            return left_out(
                "localhost somewhere else: no /etc/hosts of a test's own is to be had",
            );
        }
        let report = looks(&world, doctor(&world).under(line.clone()));
        let remedy = "name 127.0.0.1 and ::1 localhost, and nothing else, in /etc/hosts";
        let found = "localhost leads to 10.0.0.7";
        report.judged("names", "localhost", "problem", found, Some(remedy)).has_problems(1);
        // A browser tries the next one as well.
        write(&file, "10.0.0.7 localhost\n127.0.0.1 localhost\n");
        let report = looks(&world, doctor(&world).under(line.clone()));
        let found = "localhost leads to 10.0.0.7 and 127.0.0.1";
        report.judged("names", "localhost", "warning", found, Some(remedy)).is_fit();
        write(&file, "127.0.0.1 localhost\n::1 localhost\n");
        let report = looks(&world, doctor(&world).under(line));
        report.good("names", "localhost", "localhost is 127.0.0.1 and ::1").is_fit();
    });
}

const WITHOUT: &str = "login-cli login --no-browser, and open the address yourself";

#[test]
fn a_browser_is_found_and_not_opened() {
    in_peace("place::a_browser_is_found_and_not_opened", || {
        let world = World::new();
        let browser = BrowserDouble::in_(&world);
        let report = looks(&world, doctor(&world).watched_by(&browser));
        report.good("browser", "launcher", "one can be opened").is_fit();
        browser.assert_not_opened();
        // Who names a program knows where it opens.
        let report = looks(&world, doctor(&world).without_env("DISPLAY"));
        report.good("browser", "launcher", "one can be opened");
    });
}

#[test]
fn without_a_browser_the_address_is_for_another_one() {
    in_peace("place::without_a_browser_the_address_is_for_another_one", || {
        let world = World::new();
        let nothing =
            |start: crate::support::Start<'_>| looks(&world, start.without_env("BROWSER"));
        let report =
            looks(&world, doctor(&world).without_env("BROWSER").env("BROWSER", "/gone %s"));
        let remedy = format!("name another one in BROWSER, or {WITHOUT}");
        let found = "BROWSER names /gone, which is not there";
        report.judged("browser", "launcher", "warning", found, Some(&remedy)).is_fit();
        let report = looks(&world, doctor(&world).without_env("BROWSER"));
        let remedy = format!("name one in BROWSER, or {WITHOUT}");
        let found = "no program that opens one is there";
        report.judged("browser", "launcher", "warning", found, Some(&remedy)).is_fit();
        for (set, verdict) in [("WAYLAND_DISPLAY", "warning"), ("NOTHING", "note")] {
            let report = nothing(doctor(&world).without_env("DISPLAY").env(set, "x"));
            assert_eq!(report.check("browser", "launcher")["verdict"], verdict, "{set}");
            report.is_fit();
        }
    });
}

#[test]
fn through_ssh_the_way_back_is_told() {
    in_peace("place::through_ssh_the_way_back_is_told", || {
        let world = World::new();
        let start = || {
            doctor(&world)
                .without_env("BROWSER")
                .without_env("DISPLAY")
                .env("SSH_CONNECTION", "10.0.0.9 50000 10.0.0.7 22")
        };
        let report = looks(&world, start());
        let found = "through SSH: a browser on your side has to reach port 1455 here";
        let remedy = "on your side: ssh -L 1455:localhost:1455 10.0.0.7\nhere: login-cli login \
                      --no-browser\nwithout a way back: login-cli login --device";
        report.judged("session", "ssh", "note", found, Some(remedy)).is_fit();

        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, SIGN_IN_PORT)).unwrap();
        let found = "through SSH: a browser on your side has to reach port 1457 here";
        let remedy = "on your side: ssh -L 1457:localhost:1457 ada@10.0.0.7\nhere: login-cli --profile work \
                      login --no-browser --port 1457\nwithout a way back: login-cli --profile work login \
                      --device";
        let report = looks(&world, start().env("USER", "ada").args(["--profile", "work"]));
        report.judged("session", "ssh", "note", found, Some(remedy)).is_fit();
        drop(taken);

        let report = looks(&world, start().env("DISPLAY", "localhost:10.0"));
        report.good("session", "ssh", "through SSH, with a screen to open a browser on");
        let report = looks(&world, start().env("SSH_CONNECTION", "\u{1b}[2J 1 $(id) 22"));
        let remedy = "on your side: ssh -L 1455:localhost:1455 HOST\nhere: login-cli login \
                      --no-browser\nwithout a way back: login-cli login --device";
        let found = "through SSH: a browser on your side has to reach port 1455 here";
        report.judged("session", "ssh", "note", found, Some(remedy));
    });
}

#[test]
fn what_is_between_it_and_the_person_is_noted() {
    in_peace("place::what_is_between_it_and_the_person_is_noted", || {
        let world = World::new();
        for (variable, name, found, remedy) in [
            ("container", "container", "in a container: ", "start it with --network=host"),
            (
                "KUBERNETES_SERVICE_HOST",
                "container",
                "in a pod: ",
                "on your side: kubectl port-forward POD 1455:1455\n",
            ),
            (
                "VSCODE_IPC_HOOK_CLI",
                "editor",
                "behind an editor: ",
                "forward it in the editor's Ports view\n",
            ),
            ("WSL_DISTRO_NAME", "wsl", "in WSL: ", "if it does not: localhostForwarding=true"),
        ] {
            let report = looks(&world, doctor(&world).env(variable, "x"));
            let check = report.check("session", name);
            assert_eq!(check["verdict"], "note");
            assert!(check["found"].as_str().unwrap().starts_with(found), "{check}");
            assert!(check["remedy"].as_str().unwrap().starts_with(remedy), "{check}");
            report.is_fit();
        }
        let start = doctor(&world).env("CODESPACES", "true").env("CODESPACE_NAME", "ada-x1");
        let report = looks(&world, start.without_env("BROWSER"));
        let check = report.check("session", "codespace");
        let remedy = "VS Code forwards it (Ports view); else on your side: gh codespace ports \
                      forward 1455:1455 -c ada-x1\n";
        assert!(check["remedy"].as_str().unwrap().starts_with(remedy), "{check}");
        let found = "none opens here, where the editor's screen is not";
        report.judged("browser", "launcher", "note", found, Some(WITHOUT)).is_fit();
    });
}
