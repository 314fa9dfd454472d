use std::io::Write as _;
use std::net::TcpListener;

use sandbox::{Account, Device, Endpoint, Fault, On, Organization, Project, Scenario, Then};
use serde_json::{Value, json};

use crate::support::{Finished, Printed, StoredSignIn, World, parameter};

const HOUR: i64 = 60 * 60;
const STREAM: &str = "--json=stream";

/// The names of the events, in order.
fn names(finished: &Finished) -> Vec<String> {
    let name = |event: &Value| event["event"].as_str().unwrap().to_owned();
    finished.events().iter().map(name).collect()
}

/// The fields of the only event with this name.
#[track_caller]
fn fields(finished: &Finished, name: &str) -> Value {
    let mut events = finished.events().into_iter().filter(|event| event["event"] == name);
    let mut event = events.next().unwrap_or_else(|| panic!("no {name} in {}", finished.stdout));
    assert_eq!(events.next(), None);
    event.as_object_mut().unwrap().remove("event");
    event
}

// threats 209
#[test]
fn sign_in_prints_events() {
    let world = World::new();
    let running = world.login().arg(STREAM).start();
    // The event is printed before the browser returns.
    let url = running.event("url");
    running.event("waiting");
    running.visit(Account::OWNER);
    let finished = running.finish();
    let expected = ["url", "waiting", "callback", "creating_api_key", "stored", "result"];
    assert_eq!(names(finished.exits(0)), expected);
    finished.says(&format!("\n{}\n", url["url"].as_str().unwrap()));
    let auth_url = url::Url::parse(url["url"].as_str().unwrap()).unwrap();
    let port = format!("http://localhost:{}/auth/callback", url["port"]);
    assert_eq!(parameter(&auth_url, "redirect_uri"), port);
    let (by, help, command) = (&url["opened_by"], &url["help"], &url["command"]);
    assert_eq!((by, help, command), (&json!("user"), &json!([]), &Value::Null));
    assert_eq!(fields(&finished, "waiting"), json!({"timeout_seconds": 900}));
    let path = world.codex_home().join("auth.json");
    assert_eq!(fields(&finished, "stored"), json!({"stored_in": path.to_str().unwrap()}));
    let name = fields(&finished, "creating_api_key")["name"].clone();
    assert!(name.as_str().unwrap().starts_with("Codex CLI [auto-generated] ("), "{name}");
    let result = fields(&finished, "result")["result"].clone();
    assert_eq!((&result["email"], &result["has_api_key"]), (&json!(Account::OWNER), &json!(true)));
}

// threats 209
#[test]
fn url_event_has_the_forwarding_command() {
    let world = World::new();
    let ssh = ("SSH_CONNECTION", "10.0.0.9 50000 10.0.0.7 22");
    let start = world.login().args([STREAM, "--timeout", "10ms"]).env(ssh.0, ssh.1);
    let finished = start.env("USER", "ada").run();
    assert_eq!(names(finished.exits(1)), ["url", "waiting", "error"]);
    let url = fields(&finished, "url");
    let port = &url["port"];
    let command = format!("ssh -L {port}:localhost:{port} ada@10.0.0.7");
    assert_eq!(url["command"], command);
    let help =
        format!("The browser on your side has to reach port {port} here. On your side, run:");
    assert_eq!(url["help"], json!([help]));
    assert_eq!(fields(&finished, "waiting"), json!({"timeout_seconds": 0.01}));
    let error = &fields(&finished, "error")["error"];
    assert_eq!((&error["kind"], &error["transient"]), (&json!("timed_out"), &json!(true)));
}

#[cfg(unix)]
#[test]
fn failed_browser_prints_an_event() {
    let world = World::new();
    let start = world.login().without("--no-browser", 0).env("BROWSER", "/nonexistent/browser");
    let running = start.arg(STREAM).start();
    assert_eq!(running.event("url")["opened_by"], "program");
    running.event("browser_not_opened");
    running.visit(Account::OWNER);
    running.finish().exits(0);
}

/// No server listens on the port of the issuer.
#[test]
fn unreachable_server_prints_an_event() {
    let world = World::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = |timeout| {
        let start = world.login().without("--issuer", 1);
        start.args(["--issuer", &format!("http://{free}"), STREAM, "--timeout", timeout]).run()
    };
    // On a busy machine, a second may end before the first request.
    let mut runs = ["1s", "30s"].into_iter().map(run);
    let finished = runs.find(|it| names(it).contains(&"unreachable".to_owned())).unwrap();
    let event = fields(finished.exits(1), "unreachable");
    assert_eq!((&event["cause"], &event["host"]), (&json!("connect"), &json!(free.to_string())));
    let message = event["message"].as_str().unwrap();
    finished.says(&format!("warning: {message}; trying again\n"));
    let error = fields(&finished, "error")["error"].clone();
    assert_eq!((&error["kind"], &error["transient"]), (&json!("timed_out"), &json!(true)));
    assert_eq!((&error["cause"], &error["host"]), (&event["cause"], &event["host"]));
}

// threats 209
#[test]
fn create_key_prints_events() {
    let project = Project { is_initial: true, appears_at_poll: 2, ..Project::default() };
    let organization = Organization { projects: vec![project], ..Organization::default() };
    let account = Account { organizations: vec![organization], ..Account::owner() };
    let world = World::with_scenario(Scenario { accounts: vec![account], ..Scenario::default() });
    let start = world.create_key().args([STREAM, "--save", "--poll-interval", "20ms"]);
    let finished = start.signs_in(Account::OWNER);
    let expected =
        ["url", "waiting", "callback", "waiting_for_project", "creating_api_key", "result"];
    assert_eq!(names(finished.exits(0)), expected);
    let expected = json!({
        "organizations": 1,
        "inaccessible": 0,
        "projects": 0,
        "message": "checked 1 organizations and 0 projects, but no default project is ready yet",
        "again_in_seconds": 0.02,
    });
    assert_eq!(fields(&finished, "waiting_for_project"), expected);
    assert_eq!(fields(&finished, "creating_api_key"), json!({"name": "Codex CLI"}));
    let key = &fields(&finished, "result")["result"]["api_key"];
    assert_eq!(*key, *world.sandbox.issued().api_keys.last().unwrap());
}

// threats 209
#[test]
fn device_code_prints_events() {
    let device = Device { interval: json!(1), ..Device::default() };
    let world = World::with_scenario(Scenario { device, ..Scenario::default() });
    let running = world.command("login").args(["--device", STREAM]).start();
    let event = running.event("device_code");
    let address = event["verification_uri"].as_str().unwrap();
    assert_eq!(address, format!("{}/codex/device", world.sandbox.issuer_url()));
    assert_eq!(event["expires_in_seconds"], 900);
    let code = event["user_code"].as_str().unwrap();
    running.says(&format!("{code}\n"));
    world.sandbox.person(Account::OWNER).connect_device_blocking(address, code).unwrap();
    let finished = running.finish();
    let expected = ["device_code", "callback", "creating_api_key", "stored", "result"];
    assert_eq!(names(finished.exits(0)), expected);
}

// threats 209
#[test]
fn refresh_prints_events_and_exec_prints_none() {
    let world = World::new();
    world.signed_in(-HOUR);
    let finished = world.command("refresh").arg(STREAM).run();
    assert_eq!(names(finished.exits(0)), ["refreshing", "result"]);

    let world = World::new();
    StoredSignIn::new(&world, -HOUR).stored(&world);
    let start = world.command("exec").args([STREAM, "--access-token-env", "TOKEN", "--"]);
    let start = start.args(["/bin/sh", "-c", "echo out"]).allowed_to_print(Printed::Nothing);
    start.run().exits(0).prints("out\n");
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
}

#[test]
fn warnings_print_events() {
    let assert_refused = |at| Fault::new(at, Then::json(503, json!({}))).on(On::First(1));
    let world =
        World::with([assert_refused(Endpoint::TokenRefresh), assert_refused(Endpoint::Revoke)]);
    StoredSignIn::minted(&world, Account::NEW_OWNER, 60).stored(&world);
    let finished = world.command("token").arg(STREAM).run();
    assert_eq!(names(finished.exits(0)), ["refreshing", "refresh_postponed", "result"]);
    let message = "cannot refresh the access token: the issuer refused: HTTP 503";
    assert_eq!(fields(&finished, "refresh_postponed"), json!({ "message": message }));
    let finished = world.login().args([STREAM, "--no-api-key"]).signs_in(Account::OWNER);
    let expected = ["url", "waiting", "callback", "stored", "not_revoked", "result"];
    assert_eq!(names(finished.exits(0)), expected);
}

/// A program can ask its user for the URL of the page that does not load.
// threats 190
#[test]
fn pasted_url_is_read_from_stdin() {
    let world = World::new();
    let running = world.login().arg(STREAM).with_open_stdin().start();
    let callback = running.callback(Account::OWNER);
    let mut stdin = running.stdin();
    writeln!(stdin, "http://localhost:1/auth/callback?code=x").unwrap();
    assert_eq!(
        running.event("address_refused")["message"],
        "it is not the redirect URL of this sign-in"
    );
    writeln!(stdin, "\n{callback}").unwrap();
    let finished = running.finish();
    let expected =
        ["url", "waiting", "address_refused", "callback", "creating_api_key", "stored", "result"];
    assert_eq!(names(finished.exits(0)), expected);
}

/// Longer than the limits of a request, an input line and a pipe.
// threats 201 218
#[test]
fn url_after_a_too_long_line_is_read() {
    let world = World::new();
    let running = world.login().arg(STREAM).with_open_stdin().start();
    let callback = running.callback(Account::OWNER);
    let mut stdin = running.stdin();
    for length in [5_000, 8_193, 16_383, 16_384, 16_385, 70_000, 1_000_000] {
        stdin.write_all(&vec![b'x'; length]).unwrap();
        writeln!(stdin).unwrap();
    }
    // Each invalid byte becomes three bytes of UTF-8.
    stdin.write_all(&[0xff; 6_000]).unwrap();
    writeln!(stdin, "\n{callback}").unwrap();
    let finished = running.finish();
    let events = finished.exits(0).events();
    let refused = events.iter().filter(|event| event["event"] == "address_refused");
    let messages: Vec<_> = refused.map(|event| event["message"].as_str().unwrap()).collect();
    assert_eq!(messages[0], "it is not a complete URL");
    assert_eq!(messages[1..], ["it is too long"; 7]);
}

#[test]
fn device_line_requests_a_device_code() {
    let device = Device { interval: json!(1), ..Device::default() };
    let world = World::with_scenario(Scenario { device, ..Scenario::default() });
    let running = world.login().arg(STREAM).with_open_stdin().start();
    running.event("waiting");
    writeln!(running.stdin(), "device").unwrap();
    let code = running.event("device_code");
    let (page, code) = (&code["verification_uri"], &code["user_code"]);
    let person = world.sandbox.person(Account::OWNER);
    person.connect_device_blocking(page.as_str().unwrap(), code.as_str().unwrap()).unwrap();
    let expected =
        ["url", "waiting", "device_code", "callback", "creating_api_key", "stored", "result"];
    assert_eq!(names(running.finish().exits(0)), expected);
}

// threats 201
#[cfg(unix)]
#[test]
fn endless_input_is_reported_once() {
    let world = World::new();
    let start = world.login().arg(STREAM).under(["/bin/sh", "-c", "\"$@\" </dev/zero", "sh"]);
    let running = start.start();
    assert_eq!(running.event("address_refused")["message"], "it is too long");
    running.visit(Account::OWNER);
    let finished = running.finish();
    let refused = names(finished.exits(0)).iter().filter(|name| *name == "address_refused").count();
    assert_eq!(refused, 1);
}
