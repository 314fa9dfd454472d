use std::net::{Ipv4Addr, TcpListener};

use sandbox::{Account, Conduct, Endpoint, Then};
use serde_json::{Value, json};

use super::{assert_error, error_in};
use crate::support::{Printed, StoredSignIn, World};

const HOUR: i64 = 60 * 60;

/// The first line of the message is the error; the rest is help.
// threats 207 209
#[test]
fn wrong_usage_is_a_document() {
    for (words, message) in [
        (&["--json", "--frobnicate"][..], "unexpected argument '--frobnicate' found"),
        (&["login", "--json", "--port", "x"], "invalid value 'x' for '--port <N[,N]>': "),
        (&["--json", "exec"], "the following required arguments were not provided: <CMD>..."),
        (&["status", "--json=x"], "invalid value 'x' for '--json[=<FORM>]'"),
        (&["--no-api-key", "--json", "status"], "status has no option --no-api-key"),
    ] {
        let finished = World::new().program(words.iter().copied()).run();
        finished.exits(2).says("error: ");
        let error = finished.json()["error"].clone();
        assert_eq!(error["kind"], "wrong_usage");
        assert_eq!(error["exit_code"], 2);
        let said = error["message"].as_str().unwrap();
        assert!(said.starts_with(message), "{said}");
    }
    let world = World::new();
    let finished = world.program(["login", "--frobnicate", "--", "--json"]).run();
    finished.exits(2).prints("");
    let help = world.program(["--json", "--help"]).run();
    assert!(help.exits(0).stdout.contains("Exit codes:"));
}

#[test]
fn invalid_variable_is_a_document() {
    let world = World::new();
    let finished = world.command("status").arg("--json").env("LOGIN_CLI_PROFILE", "a/b").run();
    assert_error(&finished, "wrong_usage", 2);
    let apart = world.program(["create-key", "--json", "--issuer", world.sandbox.issuer_url()]);
    assert_error(&apart.run(), "wrong_usage", 2);
}

#[test]
fn not_signed_in_has_its_own_kind() {
    let world = World::new();
    for words in [&["token"][..], &["token", "--api-key"], &["refresh"], &["exec", "true"]] {
        let start = world.program(["--json"]).args(words.iter().copied());
        assert_error(&start.run(), "not_signed_in", 3);
    }
    let finished = world.command("status").arg("--json").run();
    finished.exits(3);
    assert_eq!(error_in(&finished)["kind"], "not_signed_in");
    assert_eq!(finished.json()["signed_in"], false);
}

#[test]
fn port_in_use_names_the_program() {
    let world = World::new();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = assert_error(&world.login().arg("--json").port(port).run(), "port_in_use", 13);
    let [there] = error["ports"].as_array().unwrap().as_slice() else { panic!("{error}") };
    assert_eq!((&there["port"], &there["is_sign_in"]), (&json!(port), &json!(false)));
    let pid = cfg!(target_os = "linux").then(std::process::id);
    assert_eq!(there["pid"], json!(pid));
}

#[test]
fn timeout_has_a_kind() {
    let world = World::new();
    let late = world.login().args(["--json", "--timeout", "10ms"]).run();
    assert_error(&late, "timed_out", 1);
    let running = world.login().arg("--json").start();
    running.visit_by(&world.sandbox.person(Account::OWNER).with_conduct(Conduct::Denies));
    let error = assert_error(&running.finish(), "denied", 1);
    assert_eq!(error["code"], "access_denied");
}

/// The token endpoint refuses any request.
#[track_caller]
fn assert_refused(status: u16, expected: &Value) {
    let body = json!({"error": "temporarily_unavailable", "error_description": "Not now"});
    let world = World::failing(Endpoint::TokenRefresh, Then::json(status, body));
    world.signed_in(-HOUR);
    let error = assert_error(&world.command("token").arg("--json").run(), "refused", 1);
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&error[name], value, "{name} of {error}");
    }
}

#[test]
fn refusal_has_status_and_code() {
    assert_refused(
        503,
        &json!({"status": 503, "code": "temporarily_unavailable", "transient": true}),
    );
    assert_refused(403, &json!({"status": 403, "retry_after_seconds": null, "transient": false}));
}

#[test]
fn missing_response_has_a_cause() {
    let world = World::failing(Endpoint::TokenRefresh, Then::Close);
    world.signed_in(-HOUR);
    let error = assert_error(&world.command("refresh").arg("--json").run(), "network", 1);
    assert_eq!((&error["cause"], &error["transient"]), (&json!("cut_off"), &json!(true)));
    assert_eq!(error["host"], world.host());
    let start = world.login().args(["--json", "--ca-file", "/nowhere.pem"]);
    assert_eq!(assert_error(&start.run(), "network", 1)["cause"], "setup");
}

#[test]
fn store_error_has_a_cause() {
    let world = World::new();
    world.store("not json");
    let error = assert_error(&world.command("status").arg("--json").run(), "store", 1);
    assert_eq!(error["cause"], "unreadable");
    StoredSignIn::new(&world, -HOUR).with("/tokens/refresh_token", "").stored(&world);
    let finished = world.command("refresh").arg("--json").run();
    assert!(assert_error(&finished, "sign_in_ended", 3)["expired_at"].is_string());
    let finished = world.command("token").args(["--json", "--api-key"]).run();
    assert_error(&finished, "no_credential", 1);
}

#[test]
fn unknown_organization_lists_the_available_ones() {
    let world = World::new();
    let start = world.create_key().args(["--json", "--organization", "org-else"]);
    let error = assert_error(&start.signs_in(Account::OWNER), "unknown_organization", 1);
    assert_eq!(error["offered"], json!([{"id": "org-ada", "title": "Analytical Engines"}]));
}

/// A retry could create a second key.
// threats 132 209
#[test]
fn possible_key_is_named() {
    let world = World::failing(Endpoint::ApiKeys, Then::json(500, json!({})));
    let finished = world.create_key().arg("--json").signs_in(Account::OWNER);
    let error = assert_error(&finished, "refused", 1);
    assert_eq!((&error["key_may_exist"], &error["transient"]), (&json!(true), &json!(false)));
    assert_eq!(error["key_name"], "Codex CLI");
}

/// The document with the key is the only one.
// threats 209
#[test]
fn printed_key_has_no_second_document() {
    let world = World::new();
    let running = world.create_key().args(["--json", "--save"]).start();
    let callback = running.auth_url();
    std::fs::create_dir(world.codex_home().join("auth.json")).unwrap();
    running.visit_at(&callback, &world.sandbox.person(Account::OWNER));
    let finished = running.finish();
    finished.exits(1).says("was created, but could not be stored: ");
    assert_eq!(finished.json()["api_key"], *world.sandbox.issued().api_keys.last().unwrap());
    assert_eq!(finished.json()["error"], Value::Null);
}

/// Standard output belongs to `login-cli` until the program starts.
#[test]
fn program_that_does_not_start_is_a_document() {
    let world = World::new();
    StoredSignIn::new(&world, HOUR).with_key(&world, "sk-proj-a-key-of-somebody").stored(&world);
    let exec = |program: &[&str]| {
        world.command("exec").args(["--json", "--"]).args(program.iter().copied())
    };
    assert_error(&exec(&["/nowhere/program"]).run(), "program_not_found", 127);
    assert_error(&exec(&["/"]).run(), "program_not_runnable", 126);
    let finished = exec(&["/bin/sh", "-c", "echo out"]).allowed_to_print(Printed::Nothing).run();
    finished.exits(0).prints("out\n");
}

/// A command that does not wait prints only the last line.
// threats 209
#[test]
fn last_line_of_stream_names_its_event() {
    let world = World::new();
    let finished = world.command("token").arg("--json=stream").run();
    finished.exits(3);
    let line = finished.json();
    assert_eq!(
        (&line["event"], &line["error"]["kind"]),
        (&json!("error"), &json!("not_signed_in"))
    );
    let line = world.command("status").arg("--json=stream").run().json();
    assert_eq!((&line["event"], &line["result"]["signed_in"]), (&json!("result"), &json!(false)));
    assert_eq!(line["result"]["error"]["exit_code"], 3);
    let wrong = world.program(["--json=stream", "--frobnicate"]).run().json();
    assert_eq!(
        (&wrong["event"], &wrong["error"]["kind"]),
        (&json!("error"), &json!("wrong_usage"))
    );
    let stored = world.signed_in(HOUR);
    let line = world.command("token").arg("--json=stream").run().json();
    assert_eq!(line["event"], "result");
    assert!(line["result"]["access_token"] == *stored.access_token, "it is another token");
}
