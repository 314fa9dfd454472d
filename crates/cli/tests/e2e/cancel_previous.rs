//! `--cancel-previous` replaces an earlier sign-in on the same port.

use std::net::{Ipv4Addr, TcpListener};

use rustix::process::Signal;
use sandbox::{Account, Endpoint, Then};

use crate::support::{Start, TEST_TIMEOUT, World};

const SUPERSEDED: &str = "another sign-in took the place of this one";
const SUPERSEDED_HINT: &str = "go on with the other one; nothing was changed by this one";

fn newer(flow: fn(&World) -> Start<'_>, world: &World, port: u16) -> Start<'_> {
    flow(world).port(port).arg("--cancel-previous")
}

// threats 61
#[test]
fn cancel_previous_replaces_the_older_sign_in() {
    for flows in [[World::login, World::create_key], [World::create_key, World::login]] {
        let world = World::new();
        let older = flows[0](&world).with_trace_log().start();
        let port = older.port();
        let newer = newer(flows[1], &world, port).with_trace_log().start();
        assert_eq!(newer.port(), port);
        older.finish().exits(1).prints("").fails_with(SUPERSEDED, SUPERSEDED_HINT);
        newer.visit(Account::OWNER);
        newer.finish().exits(0);
        assert_eq!(world.count(&Endpoint::TokenCode), 1);
    }
}

/// The browser of the older sign-in reaches the newer one, which refuses its `state`.
// threats 9 61
#[test]
fn browser_of_older_sign_in_gets_state_mismatch() {
    let world = World::new();
    let older = world.login().start();
    let callback = older.callback(Account::OWNER);
    let newer = newer(World::login, &world, older.port()).start();
    older.finish().exits(1);
    newer.auth_url();
    assert_eq!(newer.open(&callback).status, 400);
    newer.visit(Account::OWNER);
    newer.finish().exits(0);
    assert_eq!(world.count(&Endpoint::TokenCode), 1);
}

/// Its single-use code is already in use.
// threats 61
#[test]
fn sign_in_that_exchanges_its_code_keeps_its_port() {
    let world = World::failing(Endpoint::TokenCode, Then::Hold);
    let older = world.login().start();
    let visit = older.start_visit(Account::OWNER);
    world.sandbox.wait_for(&Endpoint::TokenCode, 1, TEST_TIMEOUT).unwrap();
    newer(World::login, &world, older.port()).run().exits(13);
    older.signal(Signal::INT);
    older.finish().exits(130);
    visit.give_up();
}

/// The newer sign-in stops waiting after a timeout.
// threats 53 61
#[cfg(target_os = "linux")]
#[test]
fn stopped_sign_in_keeps_its_port() {
    let world = World::new();
    let older = world.waiting_login();
    let port = older.port();
    older.stop();
    newer(World::login, &world, port).run().exits(13).says_nothing_of("/oauth/authorize");
    older.signal(Signal::CONT);
    older.visit(Account::OWNER);
    older.finish().exits(0);
}

// threats 59 61
#[test]
fn unknown_service_receives_no_request() {
    let other_program = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = other_program.local_addr().unwrap().port();
    let world = World::new();
    newer(World::login, &world, port).run().exits(13).says(&format!("port {port} is in use"));
    other_program.set_nonblocking(true).unwrap();
    assert!(
        other_program.accept().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    );
}

/// On Linux, the system reports which program connects. Other programs of the same user are
/// refused.
// threats 61
#[cfg(target_os = "linux")]
#[test]
fn another_program_cannot_cancel_a_sign_in() {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixStream;

    let world = World::new();
    let waiting = world.waiting_login();
    let folder = world.path("run").join("login-cli");
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let mut other_program =
        UnixStream::connect(folder.join(format!("{}.sock", waiting.port()))).unwrap();
    other_program.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    let _ = other_program.write_all(b"give way\n");
    let mut received = Vec::new();
    // The read fails with a reset if the program closed without reading.
    let _ = other_program.read_to_end(&mut received);
    assert_eq!(received, b"");
    waiting.visit(Account::OWNER);
    waiting.finish().exits(0);
}

/// A killed process leaves its socket file behind.
// threats 52 61
#[test]
fn cancel_previous_works_after_a_kill() {
    let world = World::new();
    let killed = world.login().start();
    let port = killed.port();
    killed.kill();
    let older = world.login().port(port).start();
    older.auth_url();
    let newer = newer(World::login, &world, port).start();
    newer.auth_url();
    older.finish().exits(1).fails_with(SUPERSEDED, SUPERSEDED_HINT);
    newer.visit(Account::OWNER);
    newer.finish().exits(0);
    let names = std::fs::read_dir(world.path("run").join("login-cli")).unwrap();
    assert_eq!(names.count(), 0);
}
