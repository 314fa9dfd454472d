//! The tests of the harness itself: it must detect planted faults.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sandbox::Account;

use crate::support::World;

/// Runs a correct sign-in followed by `fault`. The harness must fail with `words`, and its message
/// must not contain a secret.
#[track_caller]
fn assert_detected(fault: &str, words: &str) {
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
fn printed_secret_is_detected() {
    assert_detected("/bin/cat \"$CODEX_HOME/auth.json\"", "a secret in stdout");
    assert_detected("/bin/cat \"$CODEX_HOME/auth.json\" >&2", "a secret in stderr");
    assert_detected("/usr/bin/tail -c 180 \"$CODEX_HOME/auth.json\" >&2", "a secret in stderr");
}

// threats 150 192 208
#[test]
fn other_violations_are_detected() {
    assert_detected("printf '\\033[2J' >&2", "stderr: ");
    assert_detected("printf '\\342\\200\\256' >&2", "stderr: ");
    assert_detected("printf '\\033'", "left: Some('\\u{1b}')");
    assert_detected("code=101", "101: ");
    assert_detected(": > \"$CODEX_HOME/auth.json.tmp\"", "auth.json.tmp");
    assert_detected("kill -9 $$", "ended by a signal");
}

/// The allowed secret may appear only once, and no other secret may appear.
// threats 193
#[test]
fn allowed_secret_does_not_allow_others() {
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

/// The same on a terminal.
#[cfg(target_os = "linux")]
#[track_caller]
fn assert_detected_on_terminal(fault: &str, words: &str) {
    let world = World::new();
    world.signed_in(3600);
    let script = format!("\"$@\"; {fault}");
    let start = world.command("status").under(["/bin/sh", "-c", &script, "sh"]);
    let person = start.on_terminal(80, 24);
    let caught = catch_unwind(AssertUnwindSafe(|| drop(person.finish())));
    let report = *caught.expect_err(fault).downcast::<String>().unwrap();
    assert!(report.contains(words), "{fault}: {report}");
}

// threats 192 193
#[cfg(target_os = "linux")]
#[test]
fn terminal_violations_are_detected() {
    let first_token = "/usr/bin/grep access_token \"$CODEX_HOME/auth.json\"";
    assert_detected_on_terminal(first_token, "a secret in stderr");
    // Erased text counts too.
    let erased = format!("{first_token} | /usr/bin/cut -c 1-60; printf '\\033[A\\033[K'");
    assert_detected_on_terminal(&erased, "a secret on the terminal");
    assert_detected_on_terminal("/bin/stty -echo", "the terminal is not as it was");
    assert_detected_on_terminal("/bin/stty raw", "the terminal is not as it was");
    assert_detected_on_terminal("printf '\\033[?25l'", "the cursor is hidden");
    assert_detected_on_terminal("printf '\\033[1m'", "a style goes on");
    assert_detected_on_terminal("printf 'and'", "the last line does not end");
    assert_detected_on_terminal("printf '\\033[2J'", "CSI [2]J");
    assert_detected_on_terminal("printf '\\033[6n'", "on the terminal");
    assert_detected_on_terminal("printf '\\033]0;title\\007'", "OSC 0;title");
    assert_detected_on_terminal("printf '\\007'", "control 0x07");
    assert_detected_on_terminal("printf '\\342\\200\\256\\n'", "Some('\\u{202e}')");
}
