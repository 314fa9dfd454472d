//! The rig is held against planted faults: a check that catches nothing is worse than none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sandbox::Account;

use crate::support::World;

/// A run that does all that it should, and then this. The rig must fail it, with these words, and
/// without a word of what was issued.
#[track_caller]
fn is_caught(fault: &str, words: &str) {
    let world = World::new();
    let script = format!("\"$@\"; {fault}; exit ${{code:-0}}");
    let running = world.login().under(["/bin/sh", "-c", &script, "sh"]).start();
    running.visit(Account::OWNER);
    let caught = catch_unwind(AssertUnwindSafe(|| drop(running.finish())));
    let report = *caught.expect_err(fault).downcast::<String>().unwrap();
    assert!(report.contains(words), "{fault}: {report}");
    for secret in world.sandbox.issued().all() {
        assert!(!report.contains(secret), "the report on {fault} tells the secret");
    }
}

// threats 193
#[test]
fn a_secret_in_the_output_is_caught() {
    is_caught("/bin/cat \"$CODEX_HOME/auth.json\"", "a secret in stdout");
    is_caught("/bin/cat \"$CODEX_HOME/auth.json\" >&2", "a secret in stderr");
    is_caught("/usr/bin/tail -c 180 \"$CODEX_HOME/auth.json\" >&2", "a secret in stderr");
}

// threats 150 192 208
#[test]
fn other_faults_are_caught() {
    is_caught("printf '\\033[2J' >&2", "stderr: ");
    is_caught("printf '\\342\\200\\256' >&2", "stderr: ");
    is_caught("printf '\\033'", "left: Some('\\u{1b}')");
    is_caught("code=101", "101: ");
    is_caught(": > \"$CODEX_HOME/auth.json.tmp\"", "auth.json.tmp");
    is_caught("kill -9 $$", "ended by a signal");
}

/// A command that prints one secret may not print another, nor the same one twice.
// threats 193
#[test]
fn a_secret_that_may_be_printed_excuses_no_other() {
    for (fault, words) in [
        ("/bin/cat \"$CODEX_HOME/auth.json\"", "a secret in stdout"),
        ("\"$@\"", "a secret in stdout"),
        ("\"$@\" >&2", "a secret in stderr"),
    ] {
        let world = World::new();
        world.signed_in(3600);
        let script = format!("\"$@\"; {fault}");
        let running = world.command("token").under(["/bin/sh", "-c", &script, "sh"]).start();
        let caught = catch_unwind(AssertUnwindSafe(|| drop(running.finish())));
        let report = *caught.expect_err(fault).downcast::<String>().unwrap();
        assert!(report.contains(words), "{fault}: {report}");
    }
}
