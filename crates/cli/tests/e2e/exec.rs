//! `login-cli exec` runs a program with credentials in its environment.

use sandbox::{Endpoint, Then};

use crate::support::{Printed, Start, StoredSignIn, World};

const HOUR: i64 = 60 * 60;
const KEY: &str = "sk-proj-a-key-that-was-stored";

/// A sign-in with a key.
fn with_key(seconds_left: i64) -> (World, StoredSignIn) {
    let world = World::new();
    let stored = StoredSignIn::new(&world, seconds_left).with_key(&world, KEY).stored(&world);
    (world, stored)
}

/// Runs this script in a shell.
fn exec_shell<'w>(world: &'w World, options: &[&str], script: &str) -> Start<'w> {
    let start = world.command("exec").args(options.iter().copied());
    start.args(["--", "/bin/sh", "-c", script, "sh", "--help", "a b"])
}

#[test]
fn program_gets_the_key_and_its_arguments() {
    let (world, stored) = with_key(-HOUR);
    let script = r#"printf '%s|%s|%s|%s' "$#" "$1" "$2" "$OPENAI_API_KEY""#;
    let finished = exec_shell(&world, &[], script).allowed_to_print(Printed::ApiKey).run();
    finished.exits(0).prints(&format!("2|--help|a b|{KEY}"));
    assert_eq!(finished.stderr, "");
    assert_eq!(world.sandbox.connections(), 0);
    assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    assert_eq!(world.stored_names(), ["auth.json"]);
}

/// A variable of the user does not override the key.
#[test]
fn program_gets_the_rest_of_the_environment() {
    let (world, _) = with_key(HOUR);
    let script = r#"test "$OPENAI_API_KEY" != old && printf %s "$MINE:${OTHER-unset}""#;
    let start = exec_shell(&world, &[], script).env("OPENAI_API_KEY", "old").env("MINE", "kept");
    start.run().exits(0).prints("kept:unset");
}

/// The program can use any exit code.
#[test]
fn exit_code_is_that_of_the_program() {
    let (world, _) = with_key(HOUR);
    for code in [0, 1, 3, 42, 101, 255] {
        let finished =
            exec_shell(&world, &[], &format!("echo out; echo err >&2; exit {code}")).run();
        finished.exits(code).prints("out\n");
        assert_eq!(finished.stderr, "err\n");
    }
}

/// The program replaces the process (execve(2)).
#[cfg(unix)]
#[test]
fn program_replaces_the_process() {
    let (world, _) = with_key(HOUR);
    for options in [&[][..], &["--access-token-env", "TOKEN"]] {
        let running = exec_shell(&world, options, "echo $$").start();
        let id = running.id;
        running.finish().exits(0).prints(&format!("{id}\n"));
    }
}

/// A refresh listens for signals itself; the program still gets them afterwards.
#[cfg(unix)]
#[test]
fn signals_reach_the_program() {
    let (world, _) = with_key(-HOUR);
    let script = "trap 'exit 7' TERM; echo ready >&2; while :; do /bin/sleep 0.05; done";
    for options in [&["--access-token-env", "TOKEN"][..], &[]] {
        let running = exec_shell(&world, options, script).start();
        running.says("ready\n");
        running.signal(rustix::process::Signal::TERM);
        running.finish().exits(7);
    }
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
}

#[test]
fn program_reads_stdin() {
    let (world, _) = with_key(HOUR);
    let start = world.command("exec").args(["--", "/bin/cat"]).with_stdin("a line\nand another");
    start.run().exits(0).prints("a line\nand another");
}

#[test]
fn program_that_cannot_be_run_exits_like_in_a_shell() {
    let (world, _) = with_key(HOUR);
    let run = |program: &str| world.command("exec").args(["--", program]).run();
    run("no-such-program").exits(127).prints("").says("error: cannot run no-such-program: ");
    run("no-such-program").says("hint: give a program in PATH, or a path to one; ");
    run("/no/such/program").exits(127).prints("").says("error: cannot run /no/such/program: ");
    let folder = world.path("work").display().to_string();
    run(&folder).exits(126).prints("").says(&format!("error: cannot run {folder}: "));
    run("/dev/null").exits(126).prints("").says("error: cannot run /dev/null: ");
    world.command("exec").run().exits(2).prints("");
}

const SHOW_TOKEN: &str = r#"printf %s "$TOKEN""#;

#[test]
fn access_token_is_set_on_request() {
    let (world, stored) = with_key(HOUR);
    let options = ["--access-token-env", "TOKEN"];
    let fresh =
        exec_shell(&world, &options, SHOW_TOKEN).allowed_to_print(Printed::AccessToken).run();
    fresh.exits(0).prints(&stored.access_token);
    assert_eq!(world.sandbox.connections(), 0);
    let key = exec_shell(&world, &options, r#"printf %s "$OPENAI_API_KEY""#);
    key.allowed_to_print(Printed::ApiKey).run().exits(0).prints(KEY);
    exec_shell(&world, &[], r#"test -z "${TOKEN+set}""#).run().exits(0);
}

// threats 109
#[test]
fn expiring_access_token_is_refreshed_first() {
    let (world, _) = with_key(-HOUR);
    let options = ["--access-token-env", "TOKEN"];
    let finished =
        exec_shell(&world, &options, SHOW_TOKEN).allowed_to_print(Printed::AccessToken).run();
    let new = world.sandbox.issued().access_tokens.pop().unwrap();
    finished.exits(0).prints(&new);
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
    assert!(world.auth_document()["tokens"]["access_token"] == *new, "another one is stored");
}

#[test]
fn program_is_not_run_without_a_valid_token() {
    let world = World::failing(Endpoint::TokenRefresh, Then::json(500, serde_json::json!({})));
    world.signed_in(-HOUR);
    let finished = exec_shell(&world, &["--access-token-env", "TOKEN"], "echo ran").run();
    finished.exits(1).prints("").says("error: cannot refresh the access token: ");
}

/// An account without the API platform has a token and no key.
#[test]
fn account_without_a_key_can_pass_only_a_token() {
    let world = World::new();
    let stored = world.signed_in(HOUR);
    exec_shell(&world, &[], "echo ran").run().exits(1).prints("").fails_with(
        "the stored sign-in has no API key",
        "login-cli create-key --save creates one in a browser, and stores it here; or use the access token: \
         --access-token-env NAME",
    );
    let script = r#"printf %s "${OPENAI_API_KEY-unset}:$TOKEN""#;
    let start = exec_shell(&world, &["--access-token-env", "TOKEN"], script);
    let finished = start.allowed_to_print(Printed::AccessToken).run();
    finished.exits(0).prints(&format!("unset:{}", stored.access_token));
}

// threats 207
#[test]
fn invalid_variable_name_is_wrong_usage() {
    let (world, _) = with_key(HOUR);
    for name in ["", "1A", "A-B", "A=B", "A B", "\u{e9}"] {
        let option = format!("--access-token-env={name}");
        let finished = exec_shell(&world, &[&option], "echo ran").run();
        finished.exits(2).prints("").says("--access-token-env");
    }
}

#[test]
fn program_is_not_run_without_a_sign_in() {
    let world = World::new();
    exec_shell(&world, &[], "echo ran").run().exits(3).prints("").says("error: not signed in: ");
}

/// A key from elsewhere would belong to another account.
#[test]
fn key_from_the_environment_is_not_passed_on() {
    let world = World::new();
    world.signed_in(HOUR);
    let script = "echo ${OPENAI_API_KEY-none} ${#TOKEN}";
    let start =
        world.command("exec").args(["--access-token-env", "TOKEN", "--", "/bin/sh", "-c", script]);
    let finished = start.env("OPENAI_API_KEY", "sk-another-account").run();
    let words: Vec<&str> = finished.exits(0).stdout.split_whitespace().collect();
    assert_eq!(words[0], "none");
    assert_ne!(words[1], "0");
    let refused =
        world.command("exec").args(["--access-token-env", "OPENAI_API_KEY", "true"]).run();
    refused.exits(2).says("that variable holds the API key");
}
