//! The text and JSON output of doctor.

use rustix::process::Signal;
use sandbox::{Endpoint, Then};
use serde_json::Value;

use super::{assert_changes_nothing, doctor, in_network_namespace, run_report};
use crate::support::{TEST_TIMEOUT, World, write};

/// All checks in order, if there is no problem.
const CHECKS: [(&str, &str); 18] = [
    ("store", "place"),
    ("store", "sign-in"),
    ("store", "lock"),
    ("ports", "1455"),
    ("ports", "1457"),
    ("ports", "5000"),
    ("names", "localhost"),
    ("browser", "launcher"),
    ("session", "local"),
    ("network", "authority"),
    ("network", "proxy"),
    ("issuer", "dns"),
    ("issuer", "tcp"),
    ("issuer", "http"),
    ("api", "dns"),
    ("api", "tcp"),
    ("api", "http"),
    ("clock", "time"),
];

#[test]
fn json_is_one_document() {
    in_network_namespace("output::json_is_one_document", || {
        let world = World::new();
        let report = run_report(&world, doctor(&world));
        let Value::Object(document) = &report.document else { panic!("{}", report.document) };
        assert_eq!(document.keys().collect::<Vec<_>>(), ["ok", "checks"]);
        let checks = document["checks"].as_array().unwrap();
        for check in checks {
            let fields = check.as_object().unwrap();
            assert_eq!(
                fields.keys().collect::<Vec<_>>(),
                ["area", "name", "verdict", "found", "remedy"]
            );
            let is_known = |verdict: &str| ["ok", "note", "warning", "problem"].contains(&verdict);
            assert!(check["verdict"].as_str().is_some_and(is_known), "{check}");
        }
        let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
        let names: Vec<_> = checks.iter().map(|it| (text(it, "area"), text(it, "name"))).collect();
        // The test itself can run in a container or in WSL.
        let expected = CHECKS.map(|(area, name)| (area.to_owned(), name.to_owned()));
        let differs = |(area, _): &&(String, String)| area != "session";
        assert_eq!(
            names.iter().filter(differs).collect::<Vec<_>>(),
            expected.iter().filter(differs).collect::<Vec<_>>()
        );
        assert_eq!(world.count(&Endpoint::Root), 2);
    });
}

#[test]
fn text_output_is_a_table() {
    in_network_namespace("output::text_output_is_a_table", || {
        let world = World::new();
        world.store("{}");
        let start = doctor(&world).env("LC_ALL", "C").without_env("DISPLAY").without_env("BROWSER");
        let finished = assert_changes_nothing(&world, start);
        finished.exits(0);
        assert_eq!(finished.stderr, "");
        let path = world.codex_home().join("auth.json").display().to_string();
        let text = &finished.stdout;
        assert!(text.is_ascii(), "{text}");
        let expected = format!(
            "ok    store    place      {path}\n\
             ok             sign-in    none yet\n"
        );
        assert!(text.starts_with(&expected), "{text}");
        let expected = "
ok    ports    1455       free, for login
ok             1457       free, for login if 1455 is in use
ok             5000       free, for create-key
";
        assert!(text.contains(expected), "{text}");
        let expected = "
note  browser  launcher   not used: there is no display
                          -> open the URL yourself, or use login-cli login --device
";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("\n\nA sign-in can work. "), "{text}");
        let wide = text.lines().filter(|line| line.len() > 100);
        assert_eq!(wide.filter(|line| !line.contains(&path)).count(), 0, "{text}");
    });
}

#[test]
fn colours_follow_the_settings() {
    in_network_namespace("output::colours_follow_the_settings", || {
        let world = World::new();
        let run = |color: &str| {
            let mut command = std::process::Command::new(crate::support::program());
            let issuer = world.sandbox.issuer_url();
            command.args(["doctor", "--issuer", issuer, "--api-base", issuer, "--color", color]);
            command.env_clear().env("HOME", world.path("home")).env("CLICOLOR_FORCE", "");
            String::from_utf8(command.output().unwrap().stdout).unwrap()
        };
        assert!(run("always").starts_with("\u{1b}[1m\u{1b}[32mok  \u{1b}[0m"));
        for color in ["auto", "never"] {
            assert!(!run(color).contains('\u{1b}'), "{color}");
        }
    });
}

#[test]
fn all_checks_are_shown_and_problems_counted() {
    in_network_namespace("output::all_checks_are_shown_and_problems_counted", || {
        let world = World::new();
        let file = world.path("file");
        write(&file, "");
        let finished = assert_changes_nothing(&world, doctor(&world).env("CODEX_HOME", &file));
        finished.exits(1);
        assert_eq!(finished.stderr, "error: 1 problem prevents a sign-in\n");
        assert!(finished.stdout.starts_with("FAIL  store    place      "), "{}", finished.stdout);
        assert!(finished.stdout.contains("\nok    clock    time  "), "{}", finished.stdout);
        assert!(finished.stdout.ends_with(" 1 problem.\n"), "{}", finished.stdout);
        assert!(!finished.stdout.contains("can work"), "{}", finished.stdout);
    });
}

#[test]
fn unread_report_sets_the_exit_code() {
    in_network_namespace("output::unread_report_sets_the_exit_code", || {
        let world = World::new();
        for start in [doctor(&world), doctor(&world).arg("--json")] {
            let finished = start.without_stdout_reader().run();
            assert_eq!(finished.exits(1).stderr, "");
        }
    });
}

#[test]
fn doctor_can_be_interrupted() {
    in_network_namespace("output::doctor_can_be_interrupted", || {
        let world = World::failing(Endpoint::Root, Then::Hang);
        let running = doctor(&world).arg("--json").start();
        world.sandbox.wait_for_requests_blocking(&Endpoint::Root, 1, TEST_TIMEOUT).unwrap();
        running.signal(Signal::INT);
        let finished = running.finish();
        finished.exits(130).says("Cancelled.\n");
        assert_eq!(finished.json()["error"]["kind"], "interrupted");
    });
}
