//! The registered port is in use.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

use sandbox::Account;

use crate::support::{Running, World, report_skipped};

const ADDRESSES: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::UNSPECIFIED),
];

/// A program on any of these addresses gets no request and no byte.
// threats 59
#[test]
fn port_in_use_exits_immediately() {
    for address in ADDRESSES {
        let Ok(other_program) = TcpListener::bind((address, 0)) else {
            report_skipped(&format!("a program on {address}, which is not there"));
            continue;
        };
        let port = other_program.local_addr().unwrap().port();
        for flow in [World::login, World::create_key] {
            let world = World::new();
            let finished = flow(&world).with_trace_log().port(port).run();
            finished.exits(13).prints("").says_nothing_of("/oauth/authorize");
            finished.says(&format!("error: port {port} is in use{}\n", this_process()));
            finished.says("hint: ");
            assert!(world.sandbox.requests().is_empty());
            assert_eq!(world.stored_names(), Vec::<String>::new());
        }
        assert_no_connection(&other_program);
    }
}

/// On Linux, the message names this test process as the holder.
fn this_process() -> String {
    if !cfg!(target_os = "linux") {
        return String::new();
    }
    let id = std::process::id();
    let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap();
    format!(" by {} (pid {id})", name.trim_end())
}

#[track_caller]
fn assert_no_connection(other_program: &TcpListener) {
    other_program.set_nonblocking(true).unwrap();
    assert_eq!(other_program.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

// threats 61
#[test]
fn second_sign_in_does_not_disturb_the_first() {
    let world = World::new();
    let first = world.waiting_login();
    let port = first.port();
    let second = world.login().port(port).run();
    second.exits(13).says_nothing_of("/oauth/authorize");
    if cfg!(target_os = "linux") {
        let words = format!("another sign-in is waiting on port {port} (pid {})", first.id);
        let hint = format!(
            "finish that sign-in in the browser, or end it: press Ctrl-C in its terminal, or run kill {}",
            first.id
        );
        second.fails_with(&words, &hint);
    } else {
        second.says(&format!("error: port {port} is in use\n"));
    }
    first.visit(Account::OWNER);
    first.finish().exits(0);
}

// threats 62
#[test]
fn one_of_many_concurrent_sign_ins_waits() {
    let world = World::new();
    let port = free_port(&world);
    let started: Vec<Running<'_>> = (0..12).map(|_| world.login().port(port).start()).collect();
    let (waiting, turned_away): (Vec<_>, Vec<_>) =
        started.into_iter().partition(Running::is_waiting);
    let [waiting] = waiting.try_into().unwrap_or_else(|all: Vec<_>| panic!("{} wait", all.len()));
    for running in turned_away {
        running.finish().exits(13);
    }
    waiting.visit(Account::OWNER);
    waiting.finish().exits(0);
}

/// A port that was free a moment ago. The program had it, because a child of another test could
/// inherit a socket of this process.
fn free_port(world: &World) -> u16 {
    world.waiting_login().port()
}

// threats 61
#[test]
fn port_in_use_is_skipped() {
    let other_programs = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let [first, second] =
        other_programs.each_ref().map(|other_program| other_program.local_addr().unwrap().port());
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let free = free_port(&world);
        let running = flow(&world).ports(&[first, second, free]).start();
        assert_eq!(running.port(), free);
        running.visit(Account::OWNER);
        running.finish().exits(0);
    }
    other_programs.iter().for_each(assert_no_connection);
}

// threats 61
#[test]
fn each_holder_of_a_port_is_named() {
    let other_program = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = other_program.local_addr().unwrap().port();
    let world = World::new();
    let waiting = world.waiting_login();
    let refused = world.create_key().ports(&[port, waiting.port()]).run();
    refused.exits(13).says(&format!("error: port {port} is in use{}; ", this_process()));
    refused.says(&format!(" port {}", waiting.port())).says_nothing_of("/oauth/authorize");
    assert_no_connection(&other_program);
    waiting.visit(Account::OWNER);
    waiting.finish().exits(0);
}

/// `--port 0` uses any free port. The port is bound only after all other checks.
// threats 66
#[test]
fn port_is_open_when_the_url_is_shown() {
    for _ in 0..5 {
        let world = World::new();
        let running = world.login().start();
        let port = running.port();
        std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    }
}
