//! Panics of the real program. A failing system call makes tokio panic, because the program itself
//! has no panic to trigger.

use std::process::Command;

use sandbox::{Account, Endpoint};

use crate::strace::{STRACE, can_trace, trace, traced};
use crate::support::{Finished, Start, World, report_skipped};

const PANIC_MESSAGE: &str = "error: login-cli had to stop because of an internal error; if it happens \
                          again, please report what you did\n";

const STORED: &str = "{\"OPENAI_API_KEY\": \"sk-old\",   \"x\": 1}";

/// A run with all logs and backtraces enabled.
fn with_all_output<'w>(world: &World, start: Start<'w>, inject: &str) -> Start<'w> {
    let talkative =
        start.with_trace_log().env("RUST_BACKTRACE", "full").env("RUST_LIB_BACKTRACE", "full");
    traced(world, talkative, &[inject, "trace=?epoll_wait,epoll_pwait,clone,clone3"])
}

/// Only the constant line, without the panic message. Every run is searched for secrets.
#[track_caller]
fn assert_panic_message(finished: &Finished) {
    finished.exits(1);
    assert_eq!(finished.error_lines(), PANIC_MESSAGE);
    for panic in ["panicked", "backtrace", "polling the I/O driver", "spawn", "Input/output"] {
        finished.says_nothing_of(panic);
    }
}

/// The browser gets no response after the panic.
fn visit_and_finish(start: Start<'_>) -> Finished {
    let running = start.start();
    if running.is_waiting() {
        running.start_visit(Account::OWNER).give_up();
    }
    running.finish()
}

/// At each wait: for the browser, for a response, and for the save.
// threats 194
#[test]
fn panic_prints_one_constant_line() {
    if !can_trace() {
        return;
    }
    for flow in [World::login, World::create_key] {
        let panicked = (1..).step_by(2).take_while(|time| panics_at(flow, *time)).count();
        assert!(panicked > 0, "it never waits");
    }
}

/// Whether the program waited that often.
fn panics_at(flow: fn(&World) -> Start<'_>, time: u32) -> bool {
    let world = World::new();
    world.store(STORED);
    let inject = format!("{NO_EVENTS}:when={time}");
    let finished = visit_and_finish(with_all_output(&world, flow(&world), &inject));
    if !trace(&world).contains("INJECTED") {
        finished.exits(0);
        return false;
    }
    assert_panic_message(&finished);
    let stored = world.auth_json().unwrap();
    assert!(
        stored == STORED || has_complete_sign_in(&world),
        "neither the old document nor a new one"
    );
    let keys = world.sandbox.issued().api_keys;
    let whole = |key: &String| finished.stdout == format!("{key}\n");
    assert!(finished.stdout.is_empty() || keys.iter().any(whole), "a part of a key is printed");
    true
}

/// The complete response of the issuer is stored.
fn has_complete_sign_in(world: &World) -> bool {
    let (stored, issued) = (world.auth_document(), world.sandbox.issued());
    stored["tokens"]["refresh_token"] == issued.refresh_tokens[0]
        && stored["OPENAI_API_KEY"] == issued.api_keys[0]
}

/// For example under a limit of processes. The thread is for the name lookup.
// threats 194
#[test]
fn thread_creation_failure_prints_the_panic_line() {
    if !can_trace() {
        return;
    }
    for flow in [World::login, World::create_key] {
        let world = World::new();
        world.store(STORED);
        let named = flow(&world).without("--issuer", 1).args(["--issuer", "https://issuer.test"]);
        let finished = with_all_output(&world, named, NO_THREAD).run();
        assert_nothing_happened(&world, &finished);
        assert_eq!(world.count(&Endpoint::Any), 0);
    }
}

/// The tokens are saved without a new thread.
// threats 194
#[test]
fn save_needs_no_new_thread() {
    if !can_trace() {
        return;
    }
    let world = World::new();
    let finished = visit_and_finish(with_all_output(&world, world.login(), NO_THREAD));
    finished.exits(0);
    assert!(trace(&world).contains("INJECTED"));
    assert!(has_complete_sign_in(&world));
}

const NO_THREAD: &str = "inject=clone,clone3:error=EAGAIN";
/// glibc calls the first, musl the second.
const NO_EVENTS: &str = "inject=?epoll_wait,epoll_pwait:error=EIO";

#[track_caller]
fn assert_nothing_happened(world: &World, finished: &Finished) {
    assert!(trace(world).contains("INJECTED"));
    assert_panic_message(finished);
    finished.prints("");
    assert_eq!(world.auth_json().as_deref(), Some(STORED));
}

// threats 194
#[test]
fn panic_without_stderr_reader_exits() {
    if !can_trace() {
        return;
    }
    for deaf in ["2>&-", "2>/dev/full"] {
        let world = World::new();
        let stored = world.signed_in(3600);
        let (trace, script) = (world.path("trace"), format!("exec \"$@\" {deaf}"));
        let tracer = [STRACE, "-f", "-qq", "-o", trace.to_str().unwrap(), "-e", NO_EVENTS];
        let shell = ["/bin/sh", "-c", &script, "sh"];
        let finished = world.command("logout").under(tracer.into_iter().chain(shell)).run();
        finished.exits(1).prints("");
        assert_eq!(finished.stderr, "");
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    }
}

/// The terminal comes from script(1).
// threats 194
#[test]
fn panic_during_key_input_restores_the_terminal() {
    const SCRIPT: &str = "/usr/bin/script";
    if !can_trace() {
        return;
    }
    if !std::path::Path::new(SCRIPT).exists() {
        return report_skipped("a panic while a key is typed: there is no script(1)");
    }
    let world = World::new();
    let (trace, screen) = (world.path("trace"), world.path("screen"));
    let pipe = world.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let tracer = format!("{STRACE} -f -qq -o {} -e {NO_EVENTS}", trace.display());
    let typed = format!(r"{tracer} $*; code=\$?; /usr/bin/stty -a; exit \$code");
    // No input comes, and the input stays open.
    let streams = format!("<> {} > {}", pipe.display(), screen.display());
    let shell = format!("SHELL=/bin/sh exec {SCRIPT} -qec \"{typed}\" /dev/null {streams}");
    let start = world.command("login").arg("--with-api-key");
    start.under(["/bin/sh", "-c", &shell, "sh"]).run().exits(1).prints("");

    assert!(std::fs::read_to_string(&trace).unwrap().contains("INJECTED"));
    let screen = std::fs::read_to_string(&screen).unwrap();
    assert!(
        screen.contains("Paste the API key") && screen.contains(PANIC_MESSAGE.trim_end()),
        "{screen}"
    );
    let modes: Vec<&str> = screen.split_whitespace().collect();
    assert!(modes.contains(&"echo") && modes.contains(&"-echonl"), "{screen}");
}
