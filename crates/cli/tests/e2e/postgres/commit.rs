//! The commit of a refresh, while the database or the system fails.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use sandbox::{Endpoint, Fault, Scenario, Then};

use super::Fleet;
use super::fixture::{PASSWORD, Shutdown};
use crate::strace::{STRACE, can_trace};
use crate::support::{Running, TEST_TIMEOUT, World};

/// The issuer holds its answer to a refresh back.
fn holding(test: &str) -> Option<Fleet> {
    let faults = vec![Fault::new(Endpoint::TokenRefresh, Then::Hold)];
    let fleet = Fleet::with_scenario(test, Scenario { faults, ..Scenario::default() })?;
    fleet.import(-1);
    Some(fleet)
}

/// A process that has sent its refresh token. It finds the database by its name.
fn refreshing<'w>(world: &'w World, url: &str) -> Running<'w> {
    let url = url.replace("127.0.0.1", "localhost");
    let start = world.command("token").args(["--store", &url]).env("PGPASSWORD", PASSWORD);
    let running = start.env("LOGIN_CLI_STORE_KEY_FILE", world.path("keys")).start();
    let sandbox = &world.sandbox;
    sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    running
}

/// A person would otherwise end the process that has the only copy of the tokens. If it is ended, it goes on for a while.
// threats 51
#[test]
fn commit_that_takes_long_is_said_and_delays_the_end() {
    for (signal, code) in [(None, 0), (Some(Signal::TERM), 143)] {
        let Some(fleet) = holding("a commit that takes long") else { return };
        let url = fleet.url();
        let Fleet { world, mut server } = fleet;
        let running = refreshing(&world, &url);
        server.stop(Shutdown::Fast);
        world.sandbox.release();
        running.says("warning: the new tokens are not in the database yet");
        if let Some(signal) = signal {
            running.signal(signal);
            running.says("Finishing the refresh");
        }
        server.resume();
        running.finish().exits(code);
        assert_eq!(Fleet { world, server }.row("version"), "2");
    }
}

/// From now on, the process gets no thread. The tracer ends with it.
#[track_caller]
fn without_new_threads(world: &World, running: &Running<'_>) -> Child {
    let mut command = Command::new(STRACE);
    command.args(["-f", "-p", &running.id.to_string(), "-o"]).arg(world.path("trace"));
    command.args(["-e", "trace=clone,clone3", "-e", "inject=clone,clone3:error=EAGAIN"]);
    let mut tracer = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(tracer.stderr.take().unwrap());
    while !said.contains("attached") {
        assert!(lines.read_line(&mut said).unwrap() > 0, "{said}");
    }
    tracer
}

/// The database has restarted, so that its name is looked up again, which takes a thread too.
// threats 215
#[test]
fn answer_is_stored_without_new_threads() {
    if !can_trace() {
        return;
    }
    let Some(fleet) = holding("a commit without threads") else { return };
    let url = fleet.url();
    let Fleet { world, mut server } = fleet;
    let running = refreshing(&world, &url);
    server.restart(Shutdown::Immediate);
    let mut tracer = without_new_threads(&world, &running);
    world.sandbox.release();
    running.finish().exits(0);
    tracer.wait().unwrap();
    assert!(crate::strace::trace(&world).contains("INJECTED"));
    assert_eq!(Fleet { world, server }.row("version"), "2");
}
