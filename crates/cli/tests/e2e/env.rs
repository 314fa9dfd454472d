//! `login-cli env` prints the credentials for a shell.

use sandbox::{Endpoint, Then};
use serde_json::json;

use crate::support::{Printed, Start, StoredSignIn, World};

const HOUR: i64 = 60 * 60;
const KEY: &str = "sk-proj-a-key-that-was-stored";
const ODD_KEY: &str = "sk-proj-a-'quoted'-$(key)-`that`-was\\stored";

fn with_key(key: &str, seconds_left: i64) -> (World, StoredSignIn) {
    let world = World::new();
    let stored = StoredSignIn::new(&world, seconds_left).with_key(&world, key).stored(&world);
    (world, stored)
}

fn env<'w>(world: &'w World, options: &[&str]) -> Start<'w> {
    let start = world.command("env").args(options.iter().copied());
    start.allowed_to_print(Printed::KeyAndToken)
}

#[test]
fn every_form_has_the_key() {
    let (world, stored) = with_key(KEY, -HOUR);
    for (options, lines) in [
        (&[][..], format!("export OPENAI_API_KEY='{KEY}'\n")),
        (&["--format", "bash"], format!("export OPENAI_API_KEY='{KEY}'\n")),
        (&["--format", "fish", "--api-key-env", "K"], format!("set -gx K '{KEY}'\n")),
        (&["--format=powershell"], format!("$env:OPENAI_API_KEY = '{KEY}'\n")),
        (&["--format=dotenv"], format!("OPENAI_API_KEY={KEY}\n")),
        (&["--format=json"], format!("{}\n", json!({ "OPENAI_API_KEY": KEY }))),
        (&["--json"], format!("{}\n", json!({ "OPENAI_API_KEY": KEY }))),
        (&["--json=stream"], {
            format!("{}\n", json!({ "event": "result", "result": { "OPENAI_API_KEY": KEY } }))
        }),
    ] {
        let finished = env(&world, options).run();
        finished.exits(0).prints(&lines);
        assert_eq!(finished.stderr, "", "{options:?}");
    }
    assert_eq!(world.sandbox.connections(), 0);
    assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
}

/// An expiring access token is refreshed first, and a stored key stays valid.
// threats 109
#[test]
fn access_token_is_printed_on_request() {
    let (world, _) = with_key(KEY, -HOUR);
    let finished =
        env(&world, &["--access-token-env", "TOKEN", "--format", "json", "--api-key-env=K"]).run();
    let token = world.sandbox.issued().access_tokens.pop().unwrap();
    finished.exits(0).prints(&format!("{}\n", json!({ "K": KEY, "TOKEN": token })));
    assert_eq!(world.count(&Endpoint::TokenRefresh), 1);
}

/// A key from elsewhere would belong to another account.
#[test]
fn missing_key_unsets_the_variable() {
    let world = World::new();
    let token = world.signed_in(HOUR).access_token;
    let options = ["--access-token-env", "TOKEN"];
    for (format, lines) in [
        ("sh", format!("unset OPENAI_API_KEY\nexport TOKEN='{token}'\n")),
        ("dotenv", format!("TOKEN={token}\n")),
        ("json", format!("{}\n", json!({ "OPENAI_API_KEY": null, "TOKEN": token }))),
    ] {
        env(&world, &[&options[..], &["--format", format]].concat()).run().exits(0).prints(&lines);
    }
    let finished = env(&world, &[&options[..], &["--api-key-env", "KEY"]].concat()).run();
    finished.exits(1).prints("").says("error: the stored sign-in has no API key");
}

/// `eval` of nothing runs nothing.
#[test]
fn failure_prints_no_line() {
    let world = World::new();
    env(&world, &[]).run().exits(3).prints("").says("error: not signed in: ");
    let finished = env(&world, &["--format", "json"]).run();
    assert_eq!(finished.exits(3).json()["error"]["kind"], "not_signed_in");
    world.signed_in(HOUR);
    env(&world, &[]).run().exits(1).prints("").says("error: the stored sign-in has no API key");
    let world = World::failing(Endpoint::TokenRefresh, Then::json(500, json!({})));
    world.signed_in(-HOUR);
    let finished = env(&world, &["--access-token-env", "TOKEN"]).run();
    finished.exits(1).prints("").says("error: cannot refresh the access token: ");
}

// threats 207
#[test]
fn invalid_names_and_forms_are_wrong_usage() {
    let (world, _) = with_key(KEY, HOUR);
    for option in ["--api-key-env", "--access-token-env"] {
        for name in ["", "1A", "A-B", "A=B", "A B", "A;rm", "$(x)", "\u{e9}"] {
            env(&world, &[&format!("{option}={name}")]).run().exits(2).prints("").says(option);
        }
    }
    for options in [
        &["--access-token-env", "OPENAI_API_KEY"][..],
        &["--access-token-env", "A", "--api-key-env", "a"],
        &["--format", "csh"],
    ] {
        env(&world, options).run().exits(2).prints("");
    }
    let finished = env(&world, &["--json", "--format", "sh"]).run();
    finished.exits(2).says("error: --json prints JSON: leave out --format");
}

/// The value arrives in a program that a real shell starts.
#[cfg(unix)]
#[test]
fn value_reaches_a_program_of_a_real_shell() {
    let (world, _) = with_key(ODD_KEY, HOUR);
    for (shell, script) in [
        ("/bin/sh", r#"eval "$("$@")"; exec /usr/bin/printenv OPENAI_API_KEY"#),
        ("/usr/bin/fish", "$argv --format fish | source; exec /usr/bin/printenv OPENAI_API_KEY"),
    ] {
        if !std::path::Path::new(shell).exists() {
            crate::support::report_skipped(&format!("there is no {shell} here"));
            continue;
        }
        let words = match shell {
            "/bin/sh" => vec![shell, "-c", script, "sh"],
            _ => vec![shell, "--no-config", "-c", script],
        };
        env(&world, &[]).under(words).run().exits(0).prints(&format!("{ODD_KEY}\n"));
    }
}

#[test]
fn dotenv_refuses_a_value_that_programs_read_differently() {
    let (world, _) = with_key(ODD_KEY, HOUR);
    let finished = env(&world, &["--format", "dotenv"]).run();
    let error = "error: --format dotenv: the value of OPENAI_API_KEY has a quote";
    finished.exits(2).prints("").says(error);
}

/// On a terminal, the lines only show the secret.
#[cfg(target_os = "linux")]
#[test]
fn terminal_hint_shows_the_eval_command() {
    let (world, _) = with_key(KEY, HOUR);
    let person = env(&world, &["--profile", "default"]).on_terminal(80, 24);
    person.finish().exits(0).says(" eval \"$(login-cli --profile default env)\"");
}
