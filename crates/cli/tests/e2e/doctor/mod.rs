//! `login-cli doctor` finds problems, changes nothing and sends no secret. It binds the registered
//! ports briefly, so each test has its own network namespace.

mod machine;
mod network;
mod output;
mod store;

use std::fs;
use std::path::Path;

use sandbox::{Endpoint, Recorded};
use serde_json::Value;

use crate::support::{Finished, Loopback, Start, World, in_own_namespaces};

/// `doctor` on a machine with a display.
pub(crate) fn doctor(world: &World) -> Start<'_> {
    let (issuer, api) = (world.sandbox.issuer_url(), world.sandbox.api_url());
    let browser = world.path("bin/browser");
    let script = "printf '#!/bin/sh\\n' >\"$1\" && chmod 700 \"$1\"";
    let mut shell = std::process::Command::new("/bin/sh");
    assert!(shell.args(["-c", script, "sh"]).arg(&browser).status().unwrap().success());
    Start::new(world, "doctor")
        .args(["--issuer", issuer, "--api-base", api])
        .env("DISPLAY", ":0")
        .env("BROWSER", browser)
}

/// Runs the test with this full name in a network with free ports.
#[track_caller]
fn in_network_namespace(name: &str, test: fn()) {
    in_own_namespaces(&format!("doctor::{name}"), Loopback::Usual, test);
}

/// The JSON result of a run that changed nothing.
struct Report {
    finished: Finished,
    document: Value,
}

/// Runs with `--json`.
#[track_caller]
fn run_report(world: &World, start: Start<'_>) -> Report {
    let finished = assert_changes_nothing(world, start.arg("--json").with_trace_log());
    let document = finished.json();
    assert_eq!(document["ok"], finished.code == 0);
    let kind = (finished.code != 0).then_some("problems");
    assert_eq!(document["error"]["kind"].as_str(), kind);
    Report { finished, document }
}

/// No file changes, and the servers get only harmless requests.
#[track_caller]
fn assert_changes_nothing(world: &World, start: Start<'_>) -> Finished {
    let before = everything_below(&world.path(""));
    let finished = start.run();
    assert_eq!(everything_below(&world.path("")), before);
    world.sandbox.requests().iter().for_each(assert_harmless);
    finished
}

#[track_caller]
fn assert_harmless(request: &Recorded) {
    assert_eq!((&request.endpoint, request.method.as_str()), (&Endpoint::Root, "HEAD"));
    assert_eq!((request.path.as_str(), request.query.as_deref()), ("/", None));
    assert!(request.body.is_empty());
    for secret in ["authorization", "cookie", "proxy-authorization"] {
        assert_eq!(request.header(secret), None, "{secret}");
    }
}

/// All files with their content, and the names of everything else.
fn everything_below(folder: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let content = kind.is_file().then(|| fs::read(&path).unwrap());
        all.push((path.display().to_string(), content));
        if kind.is_dir() {
            all.extend(everything_below(&path));
        }
    }
    all.sort();
    all
}

impl Report {
    /// The first check with this area and name.
    #[track_caller]
    fn check(&self, area: &str, name: &str) -> &Value {
        let mut checks = self.document["checks"].as_array().unwrap().iter();
        let found = checks.find(|check| check["area"] == area && check["name"] == name);
        found.unwrap_or_else(|| panic!("no {area}/{name} in {:#}", self.document))
    }

    /// The verdict is `ok` with this text.
    #[track_caller]
    fn assert_ok(&self, area: &str, name: &str, found: &str) -> &Self {
        self.assert_check(area, name, "ok", found, None)
    }

    /// The verdict, the finding and the remedy.
    #[track_caller]
    fn assert_check(
        &self,
        area: &str,
        name: &str,
        verdict: &str,
        found: &str,
        remedy: Option<&str>,
    ) -> &Self {
        let check = self.check(area, name);
        let text = |field: &str| check[field].as_str();
        assert_eq!(text("verdict"), Some(verdict), "{check:#}");
        assert_eq!(text("found"), Some(found), "{check:#}");
        assert_eq!(text("remedy"), remedy, "{check:#}");
        self
    }

    #[track_caller]
    fn assert_can_sign_in(&self) -> &Self {
        self.finished.exits(0).says_nothing_of("error: ");
        self
    }

    /// The number of problems.
    #[track_caller]
    fn assert_problems(&self, count: usize) -> &Self {
        let words = match count {
            1 => "error: 1 problem prevents a sign-in\n".to_owned(),
            _ => format!("error: {count} problems prevent a sign-in\n"),
        };
        self.finished.exits(1);
        assert_eq!(self.finished.error_lines(), words);
        self
    }
}
