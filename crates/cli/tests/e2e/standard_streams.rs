//! Standard streams that are closed or have no reader.

use sandbox::{Account, Endpoint};

use crate::support::World;

// threats 198
#[test]
fn sign_in_works_without_stdout_reader() {
    let world = World::new();
    world.login().without_stdout_reader().signs_in(Account::OWNER).exits(0);
    assert!(world.auth_json().is_some());
}

/// The requested result is lost, but the credentials are on disk.
// threats 198
#[test]
fn unread_json_result_is_an_error() {
    let world = World::new();
    let finished = world.login().arg("--json").without_stdout_reader().signs_in(Account::OWNER);
    finished.exits(1).says("error: cannot write the result to standard output: ");
    assert!(world.auth_json().is_some());
}

/// The reader of the events is gone.
// threats 198
#[test]
fn unread_event_stream_ends_the_sign_in() {
    let world = World::new();
    let finished = world.login().arg("--json=stream").without_stdout_reader().run();
    finished.exits(1).prints("").says("error: cannot write the result to standard output: ");
    assert_eq!(world.count(&Endpoint::Token), 0);
}

/// The key exists and is lost, so the error names it.
// threats 147 198
#[test]
fn key_without_stdout_reader_is_named() {
    let world = World::new();
    let running = world.create_key().with_trace_log().without_stdout_reader().start();
    let trail = running.visit(Account::OWNER);
    assert_eq!(trail.last().unwrap().status, 500);
    let finished = running.finish();
    let error = "error: the API key \"Codex CLI\" was created, but could not be delivered: ";
    finished.exits(1).says(error);
    finished.says("hint: delete that key at https://platform.openai.com/api-keys");
    assert_eq!(world.count(&Endpoint::ApiKeys), 1);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;
    use std::time::{Duration, Instant};

    use sandbox::{Account, Endpoint, Then};

    use crate::support::{BrowserDouble, Finished, Printed, Running, Start, TEST_TIMEOUT, World};

    /// Signs in with the URL from the browser, because standard error can be closed.
    #[track_caller]
    fn sign_in_through_browser(world: &World, start: Start<'_>) -> Finished {
        let browser = BrowserDouble::new(world);
        let running = start.opening_browser(&browser).start();
        running.visit_at(&browser.opened_with_url(), &world.sandbox.person(Account::OWNER));
        let finished = running.finish();
        browser.assert_not_opened();
        finished
    }

    // threats 196 197
    #[test]
    fn sign_in_works_with_closed_or_full_stdout() {
        for redirection in [">&-", ">/dev/full"] {
            let world = World::new();
            let start = world.login().in_shell("", redirection);
            sign_in_through_browser(&world, start).exits(0);
            assert!(world.auth_json().is_some());
        }
    }

    // threats 197
    #[test]
    fn key_that_cannot_be_written_is_named() {
        let world = World::new();
        let start = world.create_key().in_shell("", ">/dev/full");
        let finished = start.signs_in(Account::OWNER);
        let error = "error: the API key \"Codex CLI\" was created, but could not be delivered: ";
        finished.exits(1).says(error);
        assert_eq!(world.count(&Endpoint::ApiKeys), 1);
    }

    /// Runs the command with a reader that exits after the event `event`. The exit code of the
    /// command goes to standard error.
    fn with_reader_until<'w>(event: &str, start: Start<'w>) -> Start<'w> {
        let follower =
            format!("while read -r line; do case $line in *{event}*) exit ;; esac; done");
        let script = format!("{{ \"$@\"; echo \"exit code $?\" >&2; }} | {{ {follower}; }}");
        start.arg("--json=stream").under(["/bin/sh", "-c", &script, "sh"])
    }

    /// No event is written during the wait.
    // threats 198
    #[test]
    fn closed_standard_output_frees_the_port() {
        for flow in [World::login, World::create_key] {
            let world = World::new();
            let start = flow(&world).args(["--timeout", "60s"]);
            let running = with_reader_until("\"waiting\"", start).start();
            let port = running.port();
            running.says("\nexit code 1\n");
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
            running.finish().says(
                "\nerror: cannot write the result to standard output: Broken pipe (os error 32)\n",
            );
        }
    }

    // threats 197
    #[test]
    fn unwritable_event_ends_the_wait() {
        let world = World::new();
        let finished = world.login().arg("--json=stream").in_shell("", ">/dev/full").run();
        finished.exits(1).says("error: cannot write the result to standard output: No space left");
        assert_eq!(world.count(&Endpoint::Token), 0);
    }

    /// The response has the only valid refresh token.
    // threats 51 198
    #[test]
    fn refresh_finishes_without_event_reader() {
        let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
        world.signed_in(-60 * 60);
        let running = with_reader_until("refreshing", world.command("refresh")).start();
        world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
        assert_still_running(&running);
        world.sandbox.release();
        running.says("\nexit code 1\n");
        running.finish().says("error: cannot write the result to standard output: ");
        let new = world.sandbox.issued().access_tokens.pop().unwrap();
        world.command("token").run().exits(0).prints(&format!("{new}\n"));
    }

    // threats 147 198
    #[test]
    fn key_creation_finishes_without_event_reader() {
        let world = World::failing(Endpoint::ApiKeys, Then::Hold);
        let running = with_reader_until("creating_api_key", world.create_key()).start();
        let visit = running.start_visit(Account::OWNER);
        world.sandbox.wait_for_requests_blocking(&Endpoint::ApiKeys, 1, TEST_TIMEOUT).unwrap();
        assert_still_running(&running);
        world.sandbox.release();
        running.join_visit(visit);
        running.says("\nexit code 1\n");
        running.finish().says("error: the API key \"Codex CLI\" was created, but could not be");
    }

    /// The program still runs after the interval at which it checks its reader.
    #[track_caller]
    fn assert_still_running(running: &Running<'_>) {
        let since = Instant::now();
        while since.elapsed() < Duration::from_millis(2500) {
            assert!(!running.said().contains("exit code"), "{}", running.said());
            thread::yield_now();
        }
    }

    /// Like other Unix tools: `head` causes no error message.
    // threats 230
    #[test]
    fn list_with_early_closed_reader_exits_silently() {
        let world = World::new();
        world.login().signs_in(Account::OWNER).exits(0);
        for command in [
            &["profiles"][..],
            &["profiles", "--json"],
            &["status"],
            &["token"],
            &["completions", "bash"],
            &["--help"],
            &["login", "--help"],
            &["organizations"],
            &["projects"],
        ] {
            let start = match command {
                ["organizations" | "projects"] => world.on_platform(command[0]),
                _ => world.program(command.iter().copied()).allowed_to_print(Printed::AccessToken),
            };
            let loops = "set -o pipefail; for reader in head true head true head true; do \
                         \"$@\" | { [ $reader = true ] || { read -r line; }; }; \
                         case ${PIPESTATUS[0]} in [01]) ;; *) echo \"${PIPESTATUS[*]}\" >&2 ;; esac; \
                         done";
            let finished = start.under(["/bin/bash", "-c", loops, "bash"]).run();
            assert_eq!(finished.exits(0).stderr, "", "{command:?}");
        }
    }

    /// The reader is gone before the first byte.
    // threats 230
    #[test]
    fn command_fails_if_the_reader_of_its_output_is_gone() {
        let world = World::new();
        world.login().signs_in(Account::OWNER).exits(0);
        for command in ["profiles", "status", "token", "organizations", "projects"] {
            let start = world.on_platform(command);
            let start = match command {
                "organizations" | "projects" => start,
                _ => world.command(command),
            };
            let gone = "exec 3> >(exit); wait $!; exec \"$@\" >&3 3>&-";
            let finished = start.under(["/bin/bash", "-c", gone, "bash"]).run();
            assert_eq!(finished.exits(1).prints("").stderr, "", "{command}");
        }
    }

    /// The key would be lost, so it is not created. `/dev/null` is allowed.
    // threats 196
    #[test]
    fn unprintable_key_is_not_created() {
        let world = World::new();
        let finished = world.create_key().in_shell("", ">&-").run();
        finished.exits(1).says(
            "error: cannot write the result to standard output: it is closed, or goes nowhere\n",
        );
        assert!(world.sandbox.requests().is_empty());
        world.create_key().in_shell("", ">/dev/null").signs_in(Account::OWNER).exits(0);
    }

    // threats 198 199
    #[test]
    fn stderr_needs_no_reader() {
        for redirection in ["2>&-", "2>/dev/full", "2>&- >&-"] {
            let world = World::new();
            let start = world.login().in_shell("", redirection);
            sign_in_through_browser(&world, start).exits(0);
            assert!(world.auth_json().is_some());
        }
        let world = World::new();
        let start = world.login().without_stderr_reader();
        sign_in_through_browser(&world, start).exits(0);
    }

    // threats 199
    #[test]
    fn failure_without_stderr_reader_sets_the_exit_code() {
        let world = World::new();
        let start = world.login().args(["--timeout", "10ms"]);
        start.in_shell("", "2>&-").run().exits(1);
        world.program(["--frobnicate"]).in_shell("", "2>/dev/full").run().exits(2);
        world.program(["--help"]).in_shell("", ">&-").run();
    }

    // threats 201
    #[test]
    fn stdin_is_not_read() {
        for redirection in ["<&-", "</dev/zero"] {
            let world = World::new();
            let start = world.login().in_shell("", redirection);
            start.signs_in(Account::OWNER).exits(0);
        }
    }

    // threats 200
    #[test]
    fn url_is_printed_on_one_line() {
        let world = World::new();
        let start = world.login().env("TERM", "dumb").env("COLUMNS", "20").env("LC_ALL", "C");
        start.signs_in(Account::OWNER).exits(0).says("Signed in as Ada Lovelace");
    }

    /// By default, the limit sends a signal that would kill the program.
    // threats 154
    #[test]
    fn file_size_limit_is_an_error() {
        let world = World::new();
        world.store("{}");
        let finished = world.login().in_shell("ulimit -f 0;", "").run();
        finished.exits(1).prints("").says("error: cannot write ").says_nothing_of("authorize");
        assert_eq!(world.auth_json().as_deref(), Some("{}"));
    }
}
