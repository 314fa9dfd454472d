//! Behaviour that only system calls show, and errors that only the system can cause. The tests are
//! skipped if `strace` is missing or not permitted.

use std::path::Path;
use std::process::{Command, Stdio};

use sandbox::{Account, Endpoint};

use crate::support::{Start, World, report_skipped};

pub(crate) const STRACE: &str = "/usr/bin/strace";

/// Whether this machine allows tracing.
pub(crate) fn can_trace() -> bool {
    let mut probe = Command::new(STRACE);
    probe.args(["-e", "trace=none", "/bin/true"]).stdout(Stdio::null()).stderr(Stdio::null());
    let can =
        Path::new("/bin/true").exists() && probe.status().is_ok_and(|status| status.success());
    if !can {
        report_skipped(&format!("system calls: {STRACE} is not there or may not trace"));
    }
    can
}

/// Runs under `strace` with these expressions; the trace goes to a file.
pub(crate) fn traced<'w>(world: &World, start: Start<'w>, expressions: &[&str]) -> Start<'w> {
    traced_at(world, start, expressions, &[])
}

/// The same, limited to these paths.
fn traced_at<'w>(
    world: &World,
    start: Start<'w>,
    expressions: &[&str],
    paths: &[&str],
) -> Start<'w> {
    let mut line = vec![STRACE.to_owned(), "-f".to_owned(), "-qq".to_owned(), "-o".to_owned()];
    line.push(world.path("trace").to_str().unwrap().to_owned());
    for expression in expressions {
        line.extend(["-e".to_owned(), (*expression).to_owned()]);
    }
    for path in paths {
        line.extend(["-P".to_owned(), (*path).to_owned()]);
    }
    start.under(line)
}

pub(crate) fn trace(world: &World) -> String {
    String::from_utf8_lossy(&std::fs::read(world.path("trace")).unwrap()).into_owned()
}

/// There is no other source of random numbers.
// threats 3
#[test]
fn without_random_numbers_no_port_opens() {
    if !can_trace() {
        return;
    }
    for error in ["EIO", "EAGAIN"] {
        for flow in [World::login, World::create_key] {
            let world = World::new();
            let inject = format!("inject=getrandom:error={error}");
            let start = traced(&world, flow(&world), &[&inject, "trace=getrandom,bind,openat"]);
            let finished = start.run();
            finished.exits(1).prints("").says("error: ").says_nothing_of("/oauth/authorize");
            assert!(trace(&world).contains("INJECTED"));
            assert!(!trace(&world).contains("bind("), "{}", trace(&world));
            assert!(world.sandbox.requests().is_empty());
            assert_eq!(world.stored_names(), Vec::<String>::new());
        }
    }
}

// threats 186
#[test]
fn no_browser_option_starts_no_program() {
    if !can_trace() {
        return;
    }
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let start = traced(&world, flow(&world), &["trace=execve,execveat,fork,vfork"]);
        start.signs_in(Account::OWNER).exits(0);
        let calls = trace(&world);
        assert_eq!(calls.matches("execve").count(), 1, "{calls}");
        assert!(!calls.contains("fork("), "{calls}");
    }
}

const STORED: &str = "{\"OPENAI_API_KEY\": \"sk-old\",   \"x\": 1}";

/// A system call that fails from its first use is found before the browser opens. A later failure
/// is shown in the browser. Neither changes the stored document.
#[track_caller]
fn assert_disk_error_keeps_store(inject: &str) {
    let world = World::new();
    world.store(STORED);
    let running =
        traced(&world, world.login(), &[inject, "trace=fsync,fdatasync,flock,/^rename,/chmod"])
            .start();
    if running.is_waiting() {
        assert_eq!(running.visit(Account::OWNER).last().unwrap().status, 500, "{inject}");
    }
    running.finish().exits(1).prints("").says("error: ");
    assert!(trace(&world).contains("INJECTED"), "{inject} never happened");
    assert_eq!(world.auth_json().as_deref(), Some(STORED), "{inject}");
}

// threats 153 155
#[test]
fn disk_error_loses_nothing() {
    if !can_trace() {
        return;
    }
    for inject in [
        "inject=fsync,fdatasync:error=EIO:when=1",
        "inject=/^rename:error=ENOSPC",
        "inject=/^rename:error=EXDEV",
        "inject=fchmod,fchmodat:error=EPERM",
    ] {
        assert_disk_error_keeps_store(inject);
    }
}

/// A sign-in replaces the document and needs no lock.
// threats 120 224
#[test]
fn sign_in_works_without_file_locks_with_a_note() {
    if !can_trace() {
        return;
    }
    for error in ["ENOLCK", "ENOSYS", "EOPNOTSUPP", "EINVAL"] {
        let world = World::new();
        let inject = format!("inject=flock:error={error}");
        let expressions = [inject.as_str(), "trace=flock"];
        traced(&world, world.login(), &expressions).signs_in(Account::OWNER).exits(0);
        assert!(trace(&world).contains("INJECTED"), "{error} never happened");
        let status = traced(&world, world.command("status"), &expressions).run();
        status.exits(0);
        let note = "no file locks, so its tokens are not refreshed when they expire";
        assert!(status.stdout.contains(note), "{}", status.stdout);
    }
}

/// Two programs could use one refresh token.
// threats 120 224
#[test]
fn no_refresh_without_file_locks() {
    if !can_trace() {
        return;
    }
    for error in ["ENOLCK", "ENOSYS", "EOPNOTSUPP", "EINVAL"] {
        let world = World::new();
        let stored = world.signed_in(-60 * 60);
        let expressions = [&*format!("inject=flock:error={error}"), "trace=flock"];
        for command in ["token", "refresh"] {
            let run = traced(&world, world.command(command), &expressions).run();
            run.exits(1)
                .prints("")
                .says("has no file locks")
                .says("hint: choose a folder on another");
        }
        assert_eq!(world.count(&Endpoint::TokenRefresh), 0);
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
        // A token that expires soon is still valid.
        world.signed_in(60);
        let run = traced(&world, world.command("token"), &expressions).run();
        run.exits(0).says("has no file locks");
    }
}

/// A call interrupted by a signal is repeated.
// threats 156
#[test]
fn interrupted_system_call_is_retried() {
    if !can_trace() {
        return;
    }
    let names = ["", "auth.json", "auth.json.login-cli.tmp", "auth.lock", "auth.json.lock"];
    for call in ["open", "openat", "flock", "fchmod", "write", "fsync", "read"] {
        let world = World::new();
        world.store(STORED);
        let expressions = [&*format!("inject={call}:error=EINTR:when=1")];
        let home = world.codex_home().to_str().unwrap().to_owned();
        let paths = names.map(|name| format!("{home}/{name}"));
        let paths = paths.each_ref().map(|path| path.trim_end_matches('/'));
        let start = traced_at(&world, world.login(), &expressions, &paths);
        start.signs_in(Account::OWNER).exits(0);
        assert!(trace(&world).contains("INJECTED"), "{call} never happened");
    }
}

/// The new file is in place, but it can be lost in a power failure.
// threats 155
#[test]
fn failed_folder_fsync_is_an_error() {
    if !can_trace() {
        return;
    }
    let world = World::new();
    // The first fsync is for the file.
    let inject = "inject=fsync:error=EIO:when=2";
    let running = traced(&world, world.login(), &[inject, "trace=fsync"]).start();
    assert_eq!(running.visit(Account::OWNER).last().unwrap().status, 500);
    running.finish().exits(1).says(" is written, but may not survive a power loss: ");
    assert!(world.auth_json().unwrap().contains("\"auth_mode\": \"chatgpt\""));
}

// threats 64
#[test]
fn bind_error_is_not_reported_as_port_in_use() {
    if !can_trace() {
        return;
    }
    for (call, error) in [
        ("bind", "EACCES"),
        ("bind", "EPERM"),
        ("bind", "ENOBUFS"),
        ("listen", "ENOBUFS"),
        ("getsockname", "ENOBUFS"),
    ] {
        let world = World::new();
        let inject = format!("inject={call}:error={error}");
        let finished = traced(&world, world.login(), &[&inject]).run();
        finished.exits(1).says("error: cannot listen on 127.0.0.1:0: ");
        assert_eq!(world.auth_json(), None);
        assert_eq!(world.count(&Endpoint::Any), 0);
    }
}

/// The connection is accepted later.
// threats 50
#[test]
fn failed_accept_is_retried() {
    if !can_trace() {
        return;
    }
    for error in ["EMFILE", "ENFILE", "ECONNABORTED", "EPROTO"] {
        let world = World::new();
        let inject = format!("inject=accept4:error={error}:when=1..5");
        let start = traced(&world, world.login(), &[&inject, "trace=accept4"]);
        start.signs_in(Account::OWNER).exits(0);
        let refused = trace(&world).matches("INJECTED").count();
        assert_eq!(refused, 5, "{error}");
    }
}

// threats 57
#[test]
fn sign_in_works_without_ipv6() {
    if !can_trace() {
        return;
    }
    let world = World::new();
    // The second bind is for `[::1]`.
    let inject = "inject=bind:error=EADDRNOTAVAIL:when=2";
    traced(&world, world.login(), &[inject]).signs_in(Account::OWNER).exits(0);
    assert!(trace(&world).contains("INJECTED"));
}
